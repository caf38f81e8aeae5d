//! The listener: one thread for each connection, up to some hundreds at a time.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs::File;
use std::io::{self, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use zip::ZipArchive;

use super::conditional::Stored;
use super::fault::deliver;
use super::http::{self, Request, Response};
use super::log::Log;
use super::{Endpoint, Fault, On, Recorded, Service, Settings, World};
use super::{best_practices, bucket, deps_dev, endoflife, epss, kev, osv, rustsec, scorecard};

const MAX_CONNECTIONS: usize = 512;

/// How long a connection may say nothing.
const IDLE: Duration = Duration::from_secs(120);

/// What all connections share.
pub(super) struct Shared {
    pub(super) world: RwLock<World>,
    pub(super) settings: RwLock<Settings>,
    pub(super) faults: Mutex<Vec<(On, Fault)>>,
    pub(super) log: Log,
    /// Files that were made of the world, by path; a change of the world empties it.
    pub(super) stored: Mutex<HashMap<String, Arc<Stored>>>,
    /// Archives of a bucket on disk, with the time of the file.
    pub(super) archives: Mutex<HashMap<PathBuf, (SystemTime, ZipArchive<File>)>>,
    /// Batches that have further pages, by the digest of their requests.
    pub(super) batches: Mutex<HashMap<u64, Arc<deps_dev::Batch>>>,
    /// When Best Practices was asked of late.
    pub(super) asked: Mutex<VecDeque<Instant>>,
    watch: Box<dyn Fn(&Recorded) + Send + Sync>,
    open: Mutex<BTreeMap<usize, TcpStream>>,
    closed: Condvar,
    is_stopped: AtomicBool,
}

/// A request at the service that it is for.
pub(super) struct Call<'c> {
    pub(super) request: &'c Request,
    /// The undecoded path below the service's base; it starts with a slash, or is empty.
    pub(super) path: &'c str,
}

impl Call<'_> {
    /// The undecoded segments of the path.
    pub(super) fn segments(&self) -> Vec<&str> {
        self.path.strip_prefix('/').map(|path| path.split('/').collect()).unwrap_or_default()
    }

    pub(super) fn is_get(&self) -> bool {
        matches!(self.request.method.as_str(), "GET" | "HEAD")
    }
}

/// What a service answers, and to what kind of request.
pub(super) type Answer = (Endpoint, Response);

pub(super) type Started = (Arc<Shared>, SocketAddr, JoinHandle<()>);

pub(super) fn start(world: World, settings: Settings, watch: Box<dyn Fn(&Recorded) + Send + Sync>) -> Started {
    let bound = TcpListener::bind(("127.0.0.1", settings.port));
    let listener = bound.unwrap_or_else(|error| panic!("port {} of 127.0.0.1: {error}", settings.port));
    let address = listener.local_addr().unwrap();
    let shared = Arc::new(Shared {
        world: RwLock::new(world),
        settings: RwLock::new(settings),
        faults: Mutex::default(),
        log: Log::default(),
        stored: Mutex::default(),
        archives: Mutex::default(),
        batches: Mutex::default(),
        asked: Mutex::default(),
        watch,
        open: Mutex::default(),
        closed: Condvar::new(),
        is_stopped: AtomicBool::new(false),
    });
    let accepting = Arc::clone(&shared);
    let acceptor = std::thread::spawn(move || accept(&accepting, &listener));
    (shared, address, acceptor)
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    for stream in listener.incoming() {
        if shared.is_stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(handle) = stream.try_clone() else { continue };
        let number = shared.log.connected();
        let open = shared.open.lock().unwrap();
        let mut open = shared.closed.wait_while(open, |open| open.len() >= MAX_CONNECTIONS).unwrap();
        open.insert(number, handle);
        drop(open);
        if shared.is_stopped.load(Ordering::SeqCst) {
            return;
        }
        let open = Open { shared: Arc::clone(shared), number };
        std::thread::spawn(move || {
            // That a client goes away in the middle is its own affair.
            let _ = converse(&open.shared, stream, number);
        });
    }
}

/// A connection that is counted. It closes at the end of its thread, however that ends.
struct Open {
    shared: Arc<Shared>,
    number: usize,
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Ok(mut open) = self.shared.open.lock()
            && let Some(stream) = open.remove(&self.number)
        {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.shared.closed.notify_one();
    }
}

/// Answers request after request until one of both has had enough.
fn converse(shared: &Shared, stream: TcpStream, number: usize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(IDLE))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        match http::read(&mut reader)? {
            None => break,
            Some(Err(refused)) => {
                Response::text(refused.0, refused.1).send(&mut stream, false, false)?;
                break;
            }
            Some(Ok(request)) => {
                if !shared.serve(&request, &mut stream, number)? {
                    break;
                }
            }
        }
    }
    stream.shutdown(Shutdown::Both)
}

impl Shared {
    /// Answers one request. The result is whether the connection can go on.
    fn serve(&self, request: &Request, stream: &mut TcpStream, connection: usize) -> io::Result<bool> {
        let path = request.path();
        let first = path.strip_prefix('/').unwrap_or_default().split('/').next().unwrap_or_default();
        let service = Service::from_id(first);
        let place = self.log.arrived(service, request, connection);
        let call = Call { request, path: path.get(1 + first.len()..).unwrap_or_default() };
        let (endpoint, response) = match service {
            Some(service) => self.answer(service, &call),
            None => ("unknown", Response::text(404, "no service has this path")),
        };
        let (fault, latency) = service.map(|service| self.fault(service, endpoint, request)).unwrap_or_default();
        if let Some(row) = self.log.answered(place, endpoint, response.status, fault.is_some()) {
            (self.watch)(&row);
        }
        std::thread::sleep(latency);
        deliver(response, fault.as_ref(), request, stream, service.map_or(error_in_text, error_of))
    }

    fn answer(&self, service: Service, call: &Call<'_>) -> Answer {
        match service {
            Service::Osv => osv::answer(self, call),
            Service::OsvBucket => bucket::answer(self, call),
            Service::RustSec => rustsec::answer(self, call),
            Service::Scorecard => scorecard::answer(self, call),
            Service::DepsDev => deps_dev::answer(self, call),
            Service::Kev => kev::answer(self, call),
            Service::Epss => epss::answer(self, call),
            Service::BestPractices => best_practices::answer(self, call),
            Service::EndOfLife => endoflife::answer(self, call),
        }
    }

    /// The fault that meets a request, and how long its answer waits.
    fn fault(&self, service: Service, endpoint: Endpoint, request: &Request) -> (Option<Fault>, Duration) {
        let mut found = None;
        let mut latency = Duration::ZERO;
        for (on, fault) in self.faults.lock().unwrap().iter_mut() {
            if on.meets(service, endpoint, request) {
                match fault {
                    Fault::Latency { milliseconds } => latency += Duration::from_millis(*milliseconds),
                    fault => found = found.or_else(|| Some(fault.clone())),
                }
            }
        }
        (found, latency)
    }

    /// The file under that key, made where it is not there yet.
    pub(super) fn stored(&self, key: &str, make: impl FnOnce(&World) -> Stored) -> Arc<Stored> {
        let mut stored = self.stored.lock().unwrap();
        let world = self.world.read().unwrap();
        Arc::clone(stored.entry(key.to_owned()).or_insert_with(|| Arc::new(make(&world))))
    }

    /// Closes all connections and wakes the listener, so that it ends.
    pub(super) fn stop(&self, address: SocketAddr) {
        self.is_stopped.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(address);
    }
}

/// How a service words an error that has nothing to do with the request.
fn error_of(service: Service) -> fn(u16) -> Response {
    match service {
        Service::Osv => {
            |status| osv::error(status, if status == 504 { "upstream request timeout" } else { "internal" })
        }
        Service::OsvBucket => |status| bucket::error(status, "InternalError", "We encountered an internal error."),
        Service::Scorecard => |status| {
            let value = serde_json::json!({"code": status, "message": "something went wrong"});
            Response::json(status, &value)
        },
        Service::DepsDev | Service::BestPractices => error_in_text,
        Service::RustSec | Service::Kev | Service::Epss | Service::EndOfLife => {
            |status| Response::html(status, "Error")
        }
    }
}

fn error_in_text(status: u16) -> Response {
    Response::text(status, if status == 429 { "Retry later\n" } else { "internal error" })
}

//! A listener that nobody may call.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::environment;

/// Proves that no connection is made: it takes every connection, and fails the test when it ends and there was one.
pub(crate) struct Silent {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    /// Where the connection comes from that ends it; that one does not count.
    last: Arc<Mutex<Option<SocketAddr>>>,
    listener: Option<JoinHandle<()>>,
}

impl Silent {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let last = Arc::new(Mutex::new(None));
        let (hearing, ending) = (Arc::clone(&heard), Arc::clone(&last));
        let listener = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let from = stream.as_ref().ok().and_then(|stream| stream.peer_addr().ok());
                if from.is_some() && *ending.lock().unwrap() == from {
                    return;
                }
                // It counts before the first byte comes: a connection is one too many.
                let mut heard = hearing.lock().unwrap();
                heard.push(stream.map_or_else(|error| error.to_string(), first_line));
            }
        });
        Self { address, heard, last, listener: Some(listener) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The variables that lead the program here, the same as those of the services.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        environment(self.address)
    }

    /// The first line of what each connection said; empty where it said nothing.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Ends listening and gives what was heard, without a word about it.
    pub(crate) fn finish(mut self) -> Vec<String> {
        self.stop();
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    fn stop(&mut self) {
        let Some(listener) = self.listener.take() else { return };
        // Connections are taken in order, so that those made before this one have been counted.
        let mut last = self.last.lock().unwrap();
        let stream = TcpStream::connect(self.address).unwrap();
        *last = Some(stream.local_addr().unwrap());
        drop(last);
        listener.join().unwrap();
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.stop();
        let heard = self.heard();
        assert!(heard.is_empty() || std::thread::panicking(), "somebody called: {heard:?}");
    }
}

fn first_line(mut stream: TcpStream) -> String {
    let mut bytes = [0; 512];
    let read = stream.set_read_timeout(Some(Duration::from_millis(200))).and_then(|()| stream.read(&mut bytes));
    let text = String::from_utf8_lossy(&bytes[..read.unwrap_or_default()]).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

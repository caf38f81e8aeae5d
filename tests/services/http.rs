//! HTTP/1.1, as much of it as clients of these services speak: keep-alive, bodies with a length or in chunks, everything
//! bounded. Paths stay raw, because a service that decodes `%2F` before it splits plays another service.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

const MAX_LINE: u64 = 64 << 10;
const MAX_HEADERS: usize = 200;
const MAX_BODY: u64 = 64 << 20;

/// A request as it came.
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, undecoded.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) keeps_alive: bool,
}

impl Request {
    /// The first header of that lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The undecoded path, without the query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A value of the query, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let pair = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let (_, value) = pair.into_iter().find(|(key, _)| decoded(key).as_deref() == Some(name))?;
        decoded(&value.replace('+', " "))
    }
}

/// Why a request could not be read: what is answered before the connection closes.
pub(crate) struct Refused(pub(crate) u16, pub(crate) &'static str);

/// Reads the next request; none where the client has closed the connection.
pub(crate) fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Result<Request, Refused>>> {
    let Some(first) = line(reader)? else { return Ok(None) };
    let mut words = first.split(' ');
    let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next()) else {
        return Ok(Some(Err(Refused(400, "malformed request line"))));
    };
    let mut headers = Vec::new();
    loop {
        let Some(line) = line(reader)? else { return Ok(None) };
        if line.is_empty() {
            break;
        }
        let Some((name, value)) = line.split_once(':') else {
            return Ok(Some(Err(Refused(400, "malformed header"))));
        };
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        if headers.len() > MAX_HEADERS {
            return Ok(Some(Err(Refused(431, "too many headers"))));
        }
    }
    let mut request = Request {
        method: method.to_owned(),
        target: origin_form(target).to_owned(),
        headers,
        body: Vec::new(),
        keeps_alive: version == "HTTP/1.1",
    };
    let connection = request.header("connection").unwrap_or_default().to_ascii_lowercase();
    request.keeps_alive = (request.keeps_alive && connection != "close") || connection == "keep-alive";
    if request.header("expect").is_some_and(|expect| expect.eq_ignore_ascii_case("100-continue")) {
        reader.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    match body(reader, &request)? {
        Ok(body) => request.body = body,
        Err(refused) => return Ok(Some(Err(refused))),
    }
    Ok(Some(Ok(request)))
}

/// The path of a target; a client that takes this for a proxy sends a whole address.
fn origin_form(target: &str) -> &str {
    let Some((_, rest)) = target.split_once("://") else { return target };
    rest.find('/').map_or("/", |at| &rest[at..])
}

/// A line without its end; none at the end of the stream.
fn line(reader: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn body(reader: &mut BufReader<TcpStream>, request: &Request) -> io::Result<Result<Vec<u8>, Refused>> {
    let mut body = Vec::new();
    if request.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        loop {
            let size = line(reader)?.unwrap_or_default();
            let digits = size.split(';').next().unwrap_or_default().trim();
            let Ok(size) = u64::from_str_radix(digits, 16) else { return Ok(Err(Refused(400, "malformed chunk"))) };
            if u64::try_from(body.len()).unwrap_or(u64::MAX).saturating_add(size) > MAX_BODY {
                return Ok(Err(Refused(413, "the body is too large")));
            }
            reader.take(size).read_to_end(&mut body)?;
            // The end of a chunk, or the trailers after the last one.
            while line(reader)?.is_some_and(|rest| size == 0 && !rest.is_empty()) {}
            if size == 0 {
                return Ok(Ok(body));
            }
        }
    }
    let Some(length) = request.header("content-length") else { return Ok(Ok(body)) };
    let Ok(length) = length.parse::<u64>() else { return Ok(Err(Refused(400, "malformed length"))) };
    if length > MAX_BODY {
        return Ok(Err(Refused(413, "the body is too large")));
    }
    reader.take(length).read_to_end(&mut body)?;
    Ok(Ok(body))
}

/// What is sent after the headers.
pub(crate) enum Body {
    Bytes(Arc<Vec<u8>>),
    /// With its length where that is announced; otherwise it goes in chunks.
    Stream(Box<dyn Read + Send>, Option<u64>),
}

/// An answer.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
}

impl Response {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Bytes(Arc::default()) }
    }

    pub(crate) fn of(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut response = Self::empty(status).with("Content-Type", content_type);
        response.body = Body::Bytes(Arc::new(body.into()));
        response
    }

    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::of(status, "application/json", value.to_string())
    }

    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self::of(status, "text/plain; charset=utf-8", text)
    }

    pub(crate) fn html(status: u16, text: &str) -> Self {
        let body =
            format!("<!DOCTYPE html>\n<html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>\n");
        Self::of(status, "text/html; charset=utf-8", body)
    }

    pub(crate) fn redirect(status: u16, to: &str) -> Self {
        Self::empty(status).with("Location", to)
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The body as bytes, which reads a stream to its end.
    pub(crate) fn bytes(&mut self) -> Arc<Vec<u8>> {
        if let Body::Stream(stream, _) = &mut self.body {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            self.body = Body::Bytes(Arc::new(bytes));
        }
        match &self.body {
            Body::Bytes(bytes) => Arc::clone(bytes),
            Body::Stream(..) => Arc::default(),
        }
    }

    /// The length that is announced.
    pub(crate) fn length(&self) -> Option<u64> {
        match &self.body {
            Body::Bytes(bytes) => u64::try_from(bytes.len()).ok(),
            Body::Stream(_, length) => *length,
        }
    }

    /// The status line and the headers.
    pub(crate) fn head(&self, keeps_alive: bool) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\nDate: {}\r\n", self.status, phrase(self.status), http_date(now()));
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        match self.length() {
            // A 304 announces the length of what it does not send, or none.
            _ if self.status == 304 || self.status == 204 => {}
            Some(length) => head += &format!("Content-Length: {length}\r\n"),
            None => head += "Transfer-Encoding: chunked\r\n",
        }
        if !keeps_alive {
            head += "Connection: close\r\n";
        }
        head + "\r\n"
    }

    /// Sends the whole answer, without its body where only the head was asked for.
    pub(crate) fn send(mut self, stream: &mut TcpStream, keeps_alive: bool, is_head: bool) -> io::Result<()> {
        let mut out = self.head(keeps_alive).into_bytes();
        if is_head || self.status == 304 || self.status == 204 {
            return stream.write_all(&out);
        }
        let length = self.length();
        match &mut self.body {
            // One write for small answers: a second packet would wait for the first one's receipt.
            Body::Bytes(bytes) => {
                out.extend_from_slice(bytes);
                stream.write_all(&out)
            }
            Body::Stream(reader, _) => {
                stream.write_all(&out)?;
                if length.is_some() {
                    return io::copy(reader, stream).map(|_| ());
                }
                chunks(reader, stream)
            }
        }
    }
}

fn chunks(reader: &mut dyn Read, stream: &mut TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = reader.read(&mut buffer)?;
        let mut chunk = format!("{read:x}\r\n").into_bytes();
        chunk.extend_from_slice(&buffer[..read]);
        chunk.extend_from_slice(b"\r\n");
        stream.write_all(&chunk)?;
        if read == 0 {
            return Ok(());
        }
    }
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        416 => "Range Not Satisfiable",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unknown",
    }
}

/// Decodes percent escapes; none where one is broken or the bytes are no UTF-8.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// Encodes everything but the unreserved characters of RFC 3986.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

/// The machine's clock, which only `Date` and `Retry-After` read: what the services say of packages is dated by the world.
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::try_from(SystemTime::now()).unwrap()
}

/// A date as HTTP writes it.
pub(crate) fn http_date(at: jiff::Timestamp) -> String {
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap()
}

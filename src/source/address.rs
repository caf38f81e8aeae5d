//! Which addresses may be followed: redirects stay with their scheme and out of private networks, whoever sends them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::{Attempt, Policy};

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// Hosts that the caller configured: only they may be in a private network.
#[derive(Debug, Clone, Default)]
pub(super) struct Hosts(Arc<BTreeSet<String>>);

impl Hosts {
    pub(super) fn of<'u>(urls: impl Iterator<Item = &'u Url>) -> Self {
        Self(Arc::new(urls.map(origin).collect()))
    }

    /// Whether that address is on a host and port that the caller configured.
    fn holds(&self, url: &Url) -> bool {
        self.0.contains(&origin(url))
    }

    fn holds_name(&self, name: &str) -> bool {
        self.0.iter().any(|origin| origin.rsplit_once(':').is_some_and(|(host, _)| host == name))
    }

    /// The policy of the client: a few redirects, never to another scheme, never to a private address.
    pub(super) fn redirects(&self) -> Policy {
        let hosts = self.clone();
        Policy::custom(move |attempt: Attempt<'_>| match hosts.refusal(attempt.url(), attempt.previous()) {
            None => attempt.follow(),
            Some(reason) => attempt.error(reason),
        })
    }

    /// Why a redirect is not followed.
    fn refusal(&self, to: &Url, from: &[Url]) -> Option<&'static str> {
        if from.len() > REDIRECTS {
            return Some("it sends from address to address without end");
        }
        if from.first().is_none_or(|first| first.scheme() != to.scheme()) {
            return Some("it redirects to another scheme");
        }
        if self.holds(to) {
            return None;
        }
        let host = to.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let is_private = host.parse::<IpAddr>().is_ok_and(is_private) || is_local_name(host);
        is_private.then_some("it redirects to an address in a private network")
    }
}

/// Names that mean this machine or this network by themselves (RFC 6761).
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || [".localhost", ".local", ".internal"].iter().any(|end| host.ends_with(end))
}

fn origin(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// Names resolve as the platform says; those of hosts that the caller did not configure, to public addresses only.
impl Resolve for Hosts {
    fn resolve(&self, name: Name) -> Resolving {
        let is_trusted = self.holds_name(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.filter(|at| is_trusted || !is_private(at.ip())).collect();
            if found.is_empty() {
                return Err("it has no public address".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is not of the public Internet (the registries of RFC 6890, as far as a server can have one).
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => {
            let embedded = v6.to_ipv4_mapped().or_else(|| translated(v6));
            embedded.map_or_else(|| is_private_v6(v6), is_private_v4)
        }
    }
}

fn is_private_v4(v4: Ipv4Addr) -> bool {
    let [a, b, ..] = v4.octets();
    v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_broadcast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (b == 18 || b == 19))
        || v4.octets().starts_with(&[192, 0, 0])
}

fn is_private_v6(v6: Ipv6Addr) -> bool {
    v6.is_loopback()
        || v6.is_unspecified()
        || v6.is_multicast()
        || v6.is_unique_local()
        || v6.is_unicast_link_local()
        || v6.segments()[0] & 0xffc0 == 0xfec0
}

/// The IPv4 address in one of NAT64's well-known prefix (RFC 6052).
fn translated(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, 0, 0, 0, 0, high, low] = v6.segments() else { return None };
    (a == 0x64 && b == 0xff9b).then(|| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
}

/// An address without the password and user that it may hold.
pub(super) fn redacted(url: &Url) -> String {
    let mut url = url.clone();
    // Only addresses without a host refuse this, and those have nothing to hide.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn redirects_stay_with_scheme_and_public_network() {
        let hosts = Hosts::of([url("http://127.0.0.1:8080/osv"), url("https://mirror.corp.internal/")].iter());
        let refusal = |from: &str, to: &str| hosts.refusal(&url(to), &[url(from)]);
        assert_eq!(refusal("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/b"), None);
        assert_eq!(refusal("https://host.example/a", "https://other.example/b"), None);
        assert_eq!(refusal("https://host.example/a", "https://mirror.corp.internal/b"), None);
        for to in [
            "https://127.0.0.1:8081/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::ffff:192.168.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[fe80::1]/",
            "https://localhost/",
            "https://metadata.internal/",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
        ] {
            assert!(refusal("https://host.example/a", to).is_some(), "{to}");
        }
        assert!(refusal("https://host.example/a", "http://host.example/b").is_some());
        assert!(refusal("http://host.example/a", "https://host.example/b").is_some());
        let long = vec![url("https://host.example/a"); REDIRECTS + 1];
        assert!(hosts.refusal(&url("https://host.example/b"), &long).is_some());
        assert!(hosts.refusal(&url("https://host.example/b"), &long[1..]).is_none());
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(redacted(&url("https://me:secret@host.example/a?token=secret")), "https://host.example/a");
    }
}

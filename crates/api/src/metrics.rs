//! Counters in the Prometheus text format (0.0.4). Labels are route templates and status classes:
//! never names, ids or addresses.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use engine::runtime::Handle;
use hyper::{Method, StatusCode};

use crate::route::ROUTES;

/// Upper bounds of the buckets of durations, in milliseconds.
const BOUNDS: [u64; 7] = [1, 5, 25, 100, 500, 2_500, 10_000];

/// What is counted.
pub(crate) struct Metrics {
    /// One per route of the list, and one for what matched none.
    routes: Vec<Counters>,
    limited: AtomicU64,
    logins_failed: AtomicU64,
    streams: AtomicU64,
}

#[derive(Default)]
struct Counters {
    /// By the status's first digit, from 1 to 5.
    classes: [AtomicU64; 5],
    /// Requests that took no longer than each bound.
    buckets: [AtomicU64; BOUNDS.len()],
    micros: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            routes: (0..=ROUTES.len()).map(|_| Counters::default()).collect(),
            limited: AtomicU64::new(0),
            logins_failed: AtomicU64::new(0),
            streams: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    /// Counts a request that was answered.
    pub(crate) fn answered(
        &self,
        method: &Method,
        template: Option<&str>,
        status: StatusCode,
        took: Duration,
    ) {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let route = ROUTES
            .iter()
            .position(|route| route.method == *method && Some(route.path) == template)
            .unwrap_or(ROUTES.len());
        let counters = &self.routes[route];
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        counters.classes[class].fetch_add(1, Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        counters.micros.fetch_add(micros, Relaxed);
        for (bound, bucket) in BOUNDS.iter().zip(&counters.buckets) {
            if micros <= bound * 1_000 {
                bucket.fetch_add(1, Relaxed);
            }
        }
    }

    /// Counts a request refused for its rate.
    pub(crate) fn limited(&self) {
        self.limited.fetch_add(1, Relaxed);
    }

    /// Counts a login that failed.
    pub(crate) fn login_failed(&self) {
        self.logins_failed.fetch_add(1, Relaxed);
    }

    /// Counts an event stream that began.
    pub(crate) fn streaming(&self) {
        self.streams.fetch_add(1, Relaxed);
    }

    /// Everything as text.
    pub(crate) fn text(&self, handle: &Handle) -> String {
        let mut text = String::with_capacity(16 * 1024);
        self.requests(&mut text);
        self.durations(&mut text);
        let own = [
            ("wangge_http_limited_total", "Requests refused for their rate.", &self.limited),
            ("wangge_logins_failed_total", "Logins that failed.", &self.logins_failed),
            ("wangge_event_streams_total", "Event streams begun.", &self.streams),
        ];
        for (name, help, value) in own {
            put(&mut text, name, "counter", help, value.load(Relaxed));
        }
        node(&mut text, handle);
        text
    }

    fn named(&self) -> impl Iterator<Item = (&'static str, &'static str, &Counters)> {
        let names = ROUTES.iter().map(|route| (route.method_name(), route.path));
        names.chain([("", "unmatched")]).zip(&self.routes).map(|((m, p), c)| (m, p, c))
    }

    fn requests(&self, text: &mut String) {
        let name = "wangge_http_requests_total";
        head(text, name, "counter", "Requests by route and class of status.");
        for (method, path, counters) in self.named() {
            for (class, count) in counters.classes.iter().enumerate() {
                let count = count.load(Relaxed);
                if count > 0 {
                    let class = class + 1;
                    let _ = writeln!(
                        text,
                        "{name}{{method=\"{method}\",route=\"{path}\",status=\"{class}xx\"}} {count}"
                    );
                }
            }
        }
    }

    fn durations(&self, text: &mut String) {
        let name = "wangge_http_request_seconds";
        head(text, name, "histogram", "How long requests took until their answer began.");
        for (method, path, counters) in self.named() {
            let all: u64 = counters.classes.iter().map(|count| count.load(Relaxed)).sum();
            if all == 0 {
                continue;
            }
            let labels = format!("method=\"{method}\",route=\"{path}\"");
            for (bound, bucket) in BOUNDS.iter().zip(&counters.buckets) {
                let (bound, count) = (seconds(bound * 1_000), bucket.load(Relaxed));
                let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
            }
            let sum = seconds(counters.micros.load(Relaxed));
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {all}");
            let _ = writeln!(text, "{name}_sum{{{labels}}} {sum}");
            let _ = writeln!(text, "{name}_count{{{labels}}} {all}");
        }
    }
}

fn node(text: &mut String, handle: &Handle) {
    let (status, health) = (handle.status(), handle.reader().health());
    let size = status.log.as_ref().map_or(0, |log| log.frontier.size());
    let greeted = status.contacts.values().filter(|contact| contact.greeted).count() as u64;
    let frozen = u64::from(status.frozen.is_some());
    let read_only = u64::from(health.read_only.is_some());
    let peers = handle.world().directory.neighbours().count() as u64;
    for (name, kind, help, value) in [
        ("wangge_engine_batches_total", "counter", "Batches taken in.", status.batches),
        ("wangge_engine_inputs_total", "counter", "Inputs taken in.", status.inputs),
        ("wangge_log_records", "gauge", "Records in the node's own log.", size),
        ("wangge_journal_bytes", "gauge", "Bytes of journal.", health.journal_bytes),
        ("wangge_index_lag_bytes", "gauge", "Journal not indexed on disk yet.", health.index_lag),
        ("wangge_neighbours", "gauge", "Nodes this one speaks to.", peers),
        ("wangge_neighbours_connected", "gauge", "Of these, connected and checked.", greeted),
        ("wangge_frozen", "gauge", "1 when the node does not sign.", frozen),
        ("wangge_read_only", "gauge", "1 when the store takes nothing new.", read_only),
    ] {
        put(text, name, kind, help, value);
    }
}

/// Microseconds as seconds, exactly.
fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn put(text: &mut String, name: &str, kind: &str, help: &str, value: u64) {
    head(text, name, kind, help);
    let _ = writeln!(text, "{name} {value}");
}

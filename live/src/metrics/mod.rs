//! Metrics: the counters of a run enter (`counts`); a page for Prometheus leaves, under names of this program (`tercel`) and of
//! Falco (`falco`), and snapshots as alerts and lines of a file (`snapshots`).

mod counts;

mod page;

mod tercel;

mod falco;

mod snapshots;

use tercel_config as config;

pub use counts::Metrics;
pub use snapshots::Snapshots;

/// The metrics as text in the format of Prometheus.
pub fn text(metrics: &Metrics<'_>, settings: &config::Metrics) -> String {
    let mut page = page::Page::default();
    tercel::rows(&mut page, metrics);
    falco::rows(&mut page, metrics, settings);
    page.into_text()
}

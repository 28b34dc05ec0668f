//! Clocks that disagree, as far as a plan shows it: an event that is later than the moment at which the store took the file, and files of
//! one host that overlap. Times are printed as the hosts wrote them; nothing is corrected.

use tercel_shards::{File, Plan};

/// A clock that is ahead of that of the store by less is not reported: stores round to seconds.
const ROUNDED: u64 = 2_000_000_000;

/// What is odd with the clocks of a plan, a sentence each.
pub fn found(plan: &Plan) -> Vec<String> {
    let mut found = Vec::new();
    let of_host = plan.files.chunk_by(|one, next| one.host == next.host);
    for files in of_host {
        let ahead = |file: &File| file.last.saturating_sub(file.modified);
        let known = files.iter().filter(|file| file.modified != 0 && file.last != 0);
        if let Some(file) = known.max_by_key(|file| ahead(file)).filter(|file| ahead(file) > ROUNDED) {
            found.push(format!(
                "{}: its clock is at least {} ahead of the store's: the last event of {} is later than the file",
                name(file),
                seconds(ahead(file)),
                file.url
            ));
        }
        let times = files.iter().filter(|file| file.first != 0);
        let pairs = times.clone().zip(times.skip(1));
        let overlap = |(one, next): &(&File, &File)| one.last.saturating_sub(next.first);
        let overlapping = || pairs.clone().filter(|pair| overlap(pair) > 0);
        if let Some((one, next)) = overlapping().max_by_key(overlap) {
            found.push(format!(
                "{}: {} of its files overlap, the most by {}: {} begins before {} ends (the clock was set back, or they are copies)",
                name(one),
                overlapping().count(),
                seconds(overlap(&(one, next))),
                next.url,
                one.url
            ));
        }
    }
    found
}

fn name(file: &File) -> &str {
    if file.host.is_empty() { "a host without a name" } else { &file.host }
}

fn seconds(ns: u64) -> String {
    format!("{:.3} s", ns as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(host: &str, url: &str, first: u64, last: u64, modified: u64) -> File {
        let (host, url) = (host.to_owned(), url.to_owned());
        File { url, host, bytes: 1, digest: String::new(), first, last, modified }
    }

    #[test]
    fn clocks_that_disagree_are_named() {
        const S: u64 = 1_000_000_000;
        let files = vec![
            file("a", "a1", 10 * S, 20 * S, 21 * S),
            file("a", "a2", 20 * S, 30 * S, 29 * S),
            file("b", "b1", 10 * S, 20 * S, 15 * S),
            file("c", "c1", 10 * S, 20 * S, 0),
            file("c", "c2", 17 * S, 30 * S, 0),
            file("d", "d1", 0, 0, 5),
        ];
        let plan = Plan {
            tercel_fleet_plan: 1,
            engine: super::super::engine(),
            rules: Vec::new(),
            settings: Vec::new(),
            window: Vec::new(),
            program: Vec::new(),
            files,
            shards: Vec::new(),
        };
        let found = found(&plan);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("b: its clock is at least 5.000 s ahead"), "{}", found[0]);
        assert!(found[1].starts_with("c: 1 of its files overlap, the most by 3.000 s: c2"), "{}", found[1]);
    }
}

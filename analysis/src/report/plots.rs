//! Plots as inline SVG. Colours are classes of the page, so that they fit its light and its dark form.

use std::fmt::Write as _;

/// Size of the plot over time.
const WIDTH: usize = 960;
const HEIGHT: usize = 110;
/// Bars of the plot over time.
const BARS: usize = 96;

/// The four classes that colours distinguish: emergency to critical, error, warning, the rest.
pub fn class(severity: u64) -> usize {
    match severity {
        0..=2 => 0,
        3 => 1,
        4 => 2,
        _ => 3,
    }
}

/// Alerts over time, in bars by class; `label` says what a time is.
pub fn over_time(alerts: &[(u64, u64)], first: u64, last: u64, label: impl Fn(u64) -> String) -> String {
    let mut bars = [[0_u64; 4]; BARS];
    let span = u128::from(last.saturating_sub(first)) + 1;
    for (ts, severity) in alerts {
        let offset = u128::from((*ts).clamp(first, last.max(first)) - first);
        bars[((offset * BARS as u128 / span) as usize).min(BARS - 1)][class(*severity)] += 1;
    }
    let highest = bars.iter().map(|bar| bar.iter().sum::<u64>()).max().unwrap_or(0).max(1);
    let step = WIDTH as f64 / BARS as f64;
    let mut svg = format!(
        "<svg class=\"time\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"Alerts over time\">",
        HEIGHT + 18
    );
    for (index, bar) in bars.iter().enumerate().filter(|(_, bar)| bar.iter().sum::<u64>() > 0) {
        let from = first + (span * index as u128 / BARS as u128) as u64;
        let count: u64 = bar.iter().sum();
        let noun = if count == 1 { "alert" } else { "alerts" };
        let _ = write!(svg, "<g><title>{} — {count} {noun}</title>", label(from));
        let mut y = HEIGHT as f64;
        for (class, count) in bar.iter().enumerate().filter(|(_, count)| **count > 0) {
            // Whatever is there is seen.
            let height = (*count as f64 * HEIGHT as f64 / highest as f64).max(2.0);
            y -= height;
            let x = index as f64 * step;
            let _ = write!(
                svg,
                "<rect class=\"c{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
                y.max(0.0),
                step - 1.0
            );
        }
        svg.push_str("</g>");
    }
    let _ = write!(svg, "<line x1=\"0\" y1=\"{HEIGHT}\" x2=\"{WIDTH}\" y2=\"{HEIGHT}\"/>");
    let texts = [(0, "start", first), (WIDTH / 2, "middle", first + (span / 2) as u64), (WIDTH, "end", last)];
    for (x, anchor, ts) in texts {
        let _ = write!(
            svg,
            "<text x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            HEIGHT + 14,
            label(ts)
        );
    }
    svg.push_str("</svg>");
    svg
}

/// A horizontal bar of this share of the longest.
pub fn bar(count: u64, longest: u64, class: usize) -> String {
    let width = (count as f64 * 100.0 / longest.max(1) as f64).clamp(0.8, 100.0);
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"c{class}\" \
         width=\"{width:.1}\" height=\"10\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_where_alerts_are() {
        let svg = over_time(&[(0, 2), (50, 4), (100, 4)], 0, 100, |ts| ts.to_string());
        assert_eq!(svg.matches("<rect").count(), 3);
        assert!(
            svg.contains("c0") && svg.contains("c2") && svg.contains("<title>0 — 1 alert</title>"),
            "{svg}"
        );
        assert!(over_time(&[(7, 0)], 7, 7, |ts| ts.to_string()).contains("<rect"));
        assert!(over_time(&[(u64::MAX, 0)], 0, u64::MAX, |ts| ts.to_string()).contains("<rect"));
        assert!(over_time(&[], 0, 0, |ts| ts.to_string()).contains("</svg>"));
    }
}

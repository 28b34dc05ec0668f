//! Shares of a whole: amounts enter, tenths of a per cent leave that add up to the whole.

/// Tenths of a per cent of the sum, rounded so that they add up to 1,000; all 0 if the sum is. What is lost by rounding down goes
/// to those that lost most, the first of equals first.
pub(super) fn shares(amounts: &[u64]) -> Vec<u32> {
    let sum: u128 = amounts.iter().map(|amount| u128::from(*amount)).sum();
    if sum == 0 {
        return vec![0; amounts.len()];
    }
    let exact = amounts.iter().map(|amount| u128::from(*amount) * 1000);
    let mut shares: Vec<(u32, u128)> = exact.map(|exact| ((exact / sum) as u32, exact % sum)).collect();
    let given: u32 = shares.iter().map(|(share, _)| share).sum();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(shares[*at].1));
    for at in order.into_iter().take(1000u32.saturating_sub(given) as usize) {
        shares[at].0 += 1;
    }
    shares.into_iter().map(|(share, _)| share).collect()
}

/// A share as people write it: `12.3 %`.
pub(super) fn percent(tenths: u32) -> String {
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        for (amounts, expected) in [
            (&[][..], &[][..]),
            (&[0, 0], &[0, 0]),
            (&[1, 1, 1], &[334, 333, 333]),
            (&[1, 999_999], &[0, 1000]),
            (&[u64::MAX, u64::MAX, 0], &[500, 500, 0]),
            (&[2, 1], &[667, 333]),
        ] {
            let found = shares(amounts);
            assert_eq!(found, expected, "{amounts:?}");
            assert!(found.is_empty() || amounts.iter().all(|a| *a == 0) || found.iter().sum::<u32>() == 1000);
        }
        assert_eq!((percent(5), percent(1000)), ("0.5 %".to_owned(), "100.0 %".to_owned()));
    }
}

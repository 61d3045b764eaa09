//! A whole number shared out by weight, to the last unit.

/// Shares of `total` in proportion to the weights; they add up to it, unless all weights are zero.
pub(crate) fn apportion(total: u64, weights: &[f64]) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    if sum <= 0.0 {
        return vec![0; weights.len()];
    }
    let exact: Vec<f64> = weights.iter().map(|weight| total as f64 * weight / sum).collect();
    let mut shares: Vec<u64> = exact.iter().map(|share| share.floor() as u64).collect();
    // The units that are left go to the largest remainders.
    let mut order: Vec<usize> = (0..weights.len()).filter(|at| weights[*at] > 0.0).collect();
    order.sort_by(|a, b| (exact[*b].fract()).total_cmp(&exact[*a].fract()).then(a.cmp(b)));
    let left = total.saturating_sub(shares.iter().sum());
    for at in order.iter().cycle().take(left as usize) {
        shares[*at] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        assert_eq!(apportion(10, &[1.0, 1.0, 1.0]), [4, 3, 3]);
        assert_eq!(apportion(7, &[0.0, 2.5, 0.5]), [0, 6, 1]);
        assert_eq!(apportion(5, &[0.0, 0.0]), [0, 0]);
        let weights: Vec<f64> = (0..308).map(|at| f64::from(at * at % 97)).collect();
        assert_eq!(apportion(28_713, &weights).iter().sum::<u64>(), 28_713);
    }
}

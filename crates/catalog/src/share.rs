//! Law 4: a number, a share and a mean of shares are made once, exactly, from integers. This is the one place.

use num_bigint::{BigInt, Sign};

/// `count / divisor` rounded half away from zero to `decimals`.
pub fn number(count: i64, divisor: i64, decimals: u8) -> f64 {
    rounded(i128::from(count), i128::from(divisor), decimals)
}

/// `per x numerator / denominator` rounded half away from zero; nothing when the denominator is 0. In percent `per` is 100.
pub fn share(numerator: i64, denominator: i64, per: i64, decimals: u8) -> Option<f64> {
    (denominator != 0).then(|| rounded(i128::from(per) * i128::from(numerator), i128::from(denominator), decimals))
}

/// The unweighted mean of the exact shares `per x n / d` of the members, rounded once, half away from zero; nothing without
/// members. Members with denominator 0 have no share and must not be handed in.
pub fn mean_of_shares(members: &[(i64, i64)], per: i64, decimals: u8) -> Option<f64> {
    if members.is_empty() {
        return None;
    }
    let mut sum = BigInt::from(0);
    let mut common = BigInt::from(1);
    for &(numerator, denominator) in members {
        sum = sum * denominator + &common * numerator;
        common *= denominator;
    }
    let scale = BigInt::from(per) * BigInt::from(10u64.pow(u32::from(decimals)));
    let divisor = common * BigInt::from(members.len());
    // The sum is below zero where a balance is: of its size half is rounded up.
    let (is_negative, size) = (sum.sign() == Sign::Minus, BigInt::from(sum.magnitude().clone()));
    let units: BigInt = (size * scale * 2 + &divisor) / (divisor * 2);
    let units: f64 = units.to_string().parse().unwrap_or(f64::NAN);
    let mean = units / 10f64.powi(i32::from(decimals));
    Some(if is_negative && mean != 0.0 { -mean } else { mean })
}

/// A published share of one decimal in tenths; nothing where it has more.
pub fn tenths(share: f64) -> Option<i64> {
    let tenths = (share * 10.0).round();
    ((share * 10.0 - tenths).abs() < 1e-6).then_some(tenths as i64)
}

fn rounded(numerator: i128, denominator: i128, decimals: u8) -> f64 {
    let (numerator, denominator) = if denominator < 0 { (-numerator, -denominator) } else { (numerator, denominator) };
    let scaled = numerator.abs() * 10i128.pow(u32::from(decimals));
    let units = (2 * scaled + denominator) / (2 * denominator);
    // One division of two exactly represented numbers gives the double nearest to the decimal.
    let value = units as f64 / 10f64.powi(i32::from(decimals));
    if numerator < 0 { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_half_away_from_zero() {
        assert_eq!(share(1, 8, 100, 1), Some(12.5));
        assert_eq!(share(1, 800, 100, 1), Some(0.1)); // 0.125
        assert_eq!(share(1, 2000, 100, 1), Some(0.1)); // 0.05 exactly
        assert_eq!(share(427_986, 6_306_638, 100, 1), Some(6.8));
        assert_eq!(share(427_986, 6_306_638, 100, 2), Some(6.79));
        assert_eq!(share(3, 0, 100, 1), None);
        assert_eq!(share(973, 6_306_638, 1000, 2), Some(0.15)); // 0.1543 per 1,000
        assert_eq!(share(-1, 2000, 1000, 0), Some(-1.0)); // -0.5 exactly
        assert_eq!(number(-5, 2, 0), -3.0);
        assert_eq!(number(279_145, 12, 1), 23262.1); // 23262.0833...
    }

    #[test]
    fn the_mean_of_shares_is_exact_before_it_is_rounded() {
        // 1/3 + 1/3 + 1/3 of 100 is 100/3 on average: 33.333...
        assert_eq!(mean_of_shares(&[(1, 3), (1, 3), (1, 3)], 100, 2), Some(33.33));
        // Shares 12.5 and 0 percent: 6.25, which rounds to 6.3 where a binary sum might not.
        assert_eq!(mean_of_shares(&[(1, 8), (0, 5)], 100, 1), Some(6.3));
        assert_eq!(mean_of_shares(&[], 100, 1), None);
        // Balances of -3 and 1 per 1,000 are -1 on average, and -1 and 0 are -0.5, half away from zero.
        assert_eq!(mean_of_shares(&[(-3, 1000), (1, 1000)], 1000, 1), Some(-1.0));
        assert_eq!(mean_of_shares(&[(-1, 1000), (0, 7)], 1000, 0), Some(-1.0));
        assert_eq!(mean_of_shares(&[(-1, 1000), (1, 1000)], 1000, 1), Some(0.0));
    }
}

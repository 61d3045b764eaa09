//! Law 4: a number, a share and a mean of shares are made once, exactly, from integers. This is the one place.

use num_bigint::BigInt;

/// `count / divisor` rounded half away from zero to `decimals`.
pub fn number(count: i64, divisor: i64, decimals: u8) -> f64 {
    rounded(i128::from(count), i128::from(divisor), decimals)
}

/// `100 x numerator / denominator` rounded half away from zero; nothing when the denominator is 0.
pub fn share(numerator: i64, denominator: i64, decimals: u8) -> Option<f64> {
    (denominator != 0).then(|| rounded(100 * i128::from(numerator), i128::from(denominator), decimals))
}

/// The unweighted mean of the exact shares `100 x n / d` of the members, rounded once; nothing without members.
/// Members with denominator 0 have no share and must not be handed in.
pub fn mean_of_shares(members: &[(i64, i64)], decimals: u8) -> Option<f64> {
    if members.is_empty() {
        return None;
    }
    let mut sum = BigInt::from(0);
    let mut common = BigInt::from(1);
    for &(numerator, denominator) in members {
        sum = sum * denominator + &common * numerator;
        common *= denominator;
    }
    let scale = BigInt::from(100u64 * 10u64.pow(u32::from(decimals)));
    let divisor = common * BigInt::from(members.len());
    // Half away from zero: floor((2a + b) / 2b) for a, b >= 0; shares of counts are never negative.
    let units: BigInt = (sum * scale * 2 + &divisor) / (divisor * 2);
    let units: f64 = units.to_string().parse().unwrap_or(f64::NAN);
    Some(units / 10f64.powi(i32::from(decimals)))
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
        assert_eq!(share(1, 8, 1), Some(12.5));
        assert_eq!(share(1, 800, 1), Some(0.1)); // 0.125
        assert_eq!(share(1, 2000, 1), Some(0.1)); // 0.05 exactly
        assert_eq!(share(427_986, 6_306_638, 1), Some(6.8));
        assert_eq!(share(427_986, 6_306_638, 2), Some(6.79));
        assert_eq!(share(3, 0, 1), None);
        assert_eq!(number(-5, 2, 0), -3.0);
        assert_eq!(number(279_145, 12, 1), 23262.1); // 23262.0833...
    }

    #[test]
    fn the_mean_of_shares_is_exact_before_it_is_rounded() {
        // 1/3 + 1/3 + 1/3 of 100 is 100/3 on average: 33.333...
        assert_eq!(mean_of_shares(&[(1, 3), (1, 3), (1, 3)], 2), Some(33.33));
        // Shares 12.5 and 0 percent: 6.25, which rounds to 6.3 where a binary sum might not.
        assert_eq!(mean_of_shares(&[(1, 8), (0, 5)], 1), Some(6.3));
        assert_eq!(mean_of_shares(&[], 1), None);
    }
}

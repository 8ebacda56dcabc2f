//! Least squares with shrinkage.

/// Solves for the weights of `rows` that come nearest to `values`: a constant, and one weight for each column.
///
/// `alpha` shrinks the weights, not the constant. By Cholesky's decomposition of the normal equations.
pub fn ridge(rows: &[&[f32]], values: &[f64], alpha: f64) -> (f64, Vec<f64>) {
    let width = rows.first().map_or(0, |row| row.len());
    let count = rows.len().max(1) as f64;
    let mut means = vec![0.0_f64; width];
    for row in rows {
        means.iter_mut().zip(row.iter()).for_each(|(mean, x)| *mean += f64::from(*x) / count);
    }
    let middle = values.iter().sum::<f64>() / count;
    let (mut gram, mut right) = (vec![vec![0.0_f64; width]; width], vec![0.0_f64; width]);
    for (row, value) in rows.iter().zip(values) {
        let centred: Vec<f64> = row.iter().zip(&means).map(|(x, mean)| f64::from(*x) - mean).collect();
        for (index, (line, x)) in gram.iter_mut().zip(&centred).enumerate() {
            let (Some(line), Some(others)) = (line.get_mut(..=index), centred.get(..=index)) else {
                continue;
            };
            line.iter_mut().zip(others).for_each(|(sum, other)| *sum += x * other);
        }
        right.iter_mut().zip(&centred).for_each(|(sum, x)| *sum += x * (value - middle));
    }
    for (index, line) in gram.iter_mut().enumerate() {
        if let Some(diagonal) = line.get_mut(index) {
            *diagonal += alpha;
        }
    }
    let weights = solve(gram, right);
    let shift: f64 = weights.iter().zip(&means).map(|(weight, mean)| weight * mean).sum();
    (middle - shift, weights)
}

/// Solves a symmetric system whose lower half is given.
#[expect(clippy::indexing_slicing, reason = "the matrix is square and as wide as the vector")]
fn solve(mut lower: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let width = right.len();
    for i in 0..width {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = lower[i][j] - dot;
            lower[i][j] = if i == j { rest.max(1e-9).sqrt() } else { rest / lower[j][j] };
        }
        let dot: f64 = (0..i).map(|k| lower[i][k] * right[k]).sum();
        right[i] = (right[i] - dot) / lower[i][i];
    }
    for i in (0..width).rev() {
        let dot: f64 = (i + 1..width).map(|k| lower[k][i] * right[k]).sum();
        right[i] = (right[i] - dot) / lower[i][i];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::ridge;

    #[test]
    fn a_plane_is_found_again() {
        let rows: Vec<[f32; 2]> = (0..40).map(|i| [(i % 7) as f32, (i % 5) as f32]).collect();
        let values: Vec<f64> = rows.iter().map(|[a, b]| 3.0 + 2.0 * f64::from(*a) - f64::from(*b)).collect();
        let slices: Vec<&[f32]> = rows.iter().map(|row| row.as_slice()).collect();
        let (constant, weights) = ridge(&slices, &values, 1e-9);
        assert!(
            (constant - 3.0).abs() < 1e-6
                && (weights[0] - 2.0).abs() < 1e-6
                && (weights[1] + 1.0).abs() < 1e-6
        );
        let (_, shrunk) = ridge(&slices, &values, 1e6);
        assert!(shrunk.iter().all(|weight| weight.abs() < 0.01));
    }
}

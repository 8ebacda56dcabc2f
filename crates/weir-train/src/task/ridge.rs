//! Least squares with shrinkage.

/// Rows to which values are fitted, by Cholesky's decomposition of the normal equations.
#[derive(Debug)]
pub struct Ridge {
    means: Vec<f64>,
    centred: Vec<Vec<f64>>,
    /// The lower half of the products of columns, summed over rows.
    gram: Vec<Vec<f64>>,
}

impl Ridge {
    /// All rows are equally wide.
    pub fn of(rows: &[&[f32]]) -> Self {
        let width = rows.first().map_or(0, |row| row.len());
        let count = rows.len().max(1) as f64;
        let mut means = vec![0.0_f64; width];
        for row in rows {
            means.iter_mut().zip(row.iter()).for_each(|(mean, x)| *mean += f64::from(*x) / count);
        }
        let centre = |row: &&[f32]| row.iter().zip(&means).map(|(x, mean)| f64::from(*x) - mean).collect();
        let centred: Vec<Vec<f64>> = rows.iter().map(centre).collect();
        let mut gram: Vec<Vec<f64>> = (1..=width).map(|wide| vec![0.0; wide]).collect();
        for row in &centred {
            for (line, x) in gram.iter_mut().zip(row) {
                line.iter_mut().zip(row).for_each(|(sum, other)| *sum += x * other);
            }
        }
        Self { means, centred, gram }
    }

    /// The weights that bring rows nearest to `values`: a constant, and one weight for each column.
    ///
    /// `alpha` shrinks the weights, not the constant.
    pub fn fit(&self, values: &[f64], alpha: f64) -> (f64, Vec<f64>) {
        let middle = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let mut right = vec![0.0_f64; self.means.len()];
        for (row, value) in self.centred.iter().zip(values) {
            right.iter_mut().zip(row).for_each(|(sum, x)| *sum += x * (value - middle));
        }
        let mut gram = self.gram.clone();
        gram.iter_mut().filter_map(|line| line.last_mut()).for_each(|diagonal| *diagonal += alpha);
        let weights = solve(gram, right);
        let shift: f64 = weights.iter().zip(&self.means).map(|(weight, mean)| weight * mean).sum();
        (middle - shift, weights)
    }
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
    use super::Ridge;

    #[test]
    fn a_plane_is_found_again() {
        let rows: Vec<[f32; 2]> = (0..40).map(|i| [(i % 7) as f32, (i % 5) as f32]).collect();
        let values: Vec<f64> = rows.iter().map(|[a, b]| 3.0 + 2.0 * f64::from(*a) - f64::from(*b)).collect();
        let slices: Vec<&[f32]> = rows.iter().map(|row| row.as_slice()).collect();
        let (constant, weights) = Ridge::of(&slices).fit(&values, 1e-9);
        assert!(
            (constant - 3.0).abs() < 1e-6
                && (weights[0] - 2.0).abs() < 1e-6
                && (weights[1] + 1.0).abs() < 1e-6
        );
        let (_, shrunk) = Ridge::of(&slices).fit(&values, 1e6);
        assert!(shrunk.iter().all(|weight| weight.abs() < 0.01));
    }
}

//! Regions as few conditions.

use crate::questions::Questions;
use crate::solve::Literal;
use crate::space::Space;

/// For each axis the cells that will do; `None` where all will.
pub(crate) type Cube = Vec<Option<Vec<bool>>>;

/// Conditions that together hold exactly where `region` is true of requests that there can be, each as wide as
/// it can be, and whether there are more than `most`.
pub(crate) fn cover(
    region: Literal,
    most: usize,
    space: &Space,
    questions: &mut Questions,
) -> (Vec<Cube>, bool) {
    let mut left = vec![region];
    let mut cubes = Vec::new();
    while let Some(cells) = questions.find_plain(&left, space) {
        if cubes.len() == most {
            return (cubes, true);
        }
        let cube = Wider { region, space, questions }.widen(&cells);
        let within = literals(&cube, questions);
        left.push(!questions.all(&within));
        cubes.push(cube);
    }
    (cubes, false)
}

struct Wider<'s> {
    region: Literal,
    space: &'s Space,
    questions: &'s mut Questions,
}

impl Wider<'_> {
    /// The cells and all that can be added to them without leaving the region.
    fn widen(&mut self, cells: &[usize]) -> Cube {
        let widths: Vec<usize> = self.space.axes().iter().map(|axis| axis.cells.len()).collect();
        let only = |(cell, width): (&usize, &usize)| Some((0..*width).map(|each| each == *cell).collect());
        let mut cube: Cube = cells.iter().zip(&widths).map(only).collect();
        // What stands first decides most, so that it is the last to go.
        for (axis, width) in widths.iter().enumerate().rev() {
            if self.try_with(&mut cube, axis, None) {
                continue;
            }
            for cell in 0..*width {
                let Some(mut more) = cube.get(axis).cloned().flatten() else { break };
                if let Some(place) = more.get_mut(cell)
                    && !std::mem::replace(place, true)
                {
                    self.try_with(&mut cube, axis, Some(more));
                }
            }
        }
        cube
    }

    /// Puts other cells into the cube if it stays within the region.
    fn try_with(&mut self, cube: &mut Cube, axis: usize, cells: Option<Vec<bool>>) -> bool {
        let Some(place) = cube.get_mut(axis) else { return false };
        let before = std::mem::replace(place, cells);
        let mut outside = vec![!self.region];
        outside.extend(literals(cube, self.questions));
        let stays = self.questions.find(&outside).is_none();
        if !stays && let Some(place) = cube.get_mut(axis) {
            *place = before;
        }
        stays
    }
}

/// What says of each axis that it is in the cells of a cube.
pub(crate) fn literals(cube: &Cube, questions: &mut Questions) -> Vec<Literal> {
    let chosen = cube.iter().enumerate().filter_map(|(axis, cells)| Some((axis, cells.clone()?)));
    chosen.map(|(axis, cells)| questions.in_cells(axis, cells)).collect()
}

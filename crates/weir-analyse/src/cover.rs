//! Regions as few conditions.

use crate::diagram::{NO, Ref, YES};
use crate::space::Space;

/// For each axis the cells that will do; `None` where all will.
pub(crate) type Cube = Vec<Option<Vec<bool>>>;

/// Conditions that together hold exactly where `region` is true of requests that there can be, each as wide as
/// it can be, and whether there are more than `most`.
pub(crate) fn cover(region: Ref, most: usize, space: &mut Space) -> (Vec<Cube>, bool) {
    let impossible = space.diagrams.without(YES, space.possible);
    let allowed = space.diagrams.or(region, impossible);
    let mut left = region;
    let mut cubes = Vec::new();
    while cubes.len() < most
        && let Some(cells) = space.diagrams.find(left, |value| value == 1)
    {
        let cube = widen(&cells, allowed, space);
        let taken = diagram(&cube, space);
        left = space.diagrams.without(left, taken);
        cubes.push(cube);
    }
    (cubes, left != NO)
}

/// The cells and all that can be added to them without leaving what is allowed.
fn widen(cells: &[Option<usize>], allowed: Ref, space: &mut Space) -> Cube {
    let mut cube: Cube = cells
        .iter()
        .enumerate()
        .map(|(axis, cell)| {
            let cell = (*cell)?;
            Some((0..space.diagrams.width(axis)).map(|each| each == cell).collect())
        })
        .collect();
    // What is asked for last decides least, so that it is the first to go.
    for axis in (0..cube.len()).rev() {
        let Some(before) = cube.get(axis).cloned().flatten() else { continue };
        if !try_with(&mut cube, axis, None, allowed, space) {
            widen_axis(&mut cube, axis, before, allowed, space);
        }
    }
    cube
}

fn widen_axis(cube: &mut Cube, axis: usize, mut cells: Vec<bool>, allowed: Ref, space: &mut Space) {
    for cell in 0..cells.len() {
        let mut more = cells.clone();
        if let Some(place) = more.get_mut(cell)
            && !*place
        {
            *place = true;
            if try_with(cube, axis, Some(more.clone()), allowed, space) {
                cells = more;
            }
        }
    }
}

/// Puts other cells into the cube if it stays within what is allowed.
fn try_with(cube: &mut Cube, axis: usize, cells: Option<Vec<bool>>, allowed: Ref, space: &mut Space) -> bool {
    let Some(place) = cube.get_mut(axis) else { return false };
    let before = std::mem::replace(place, cells);
    let wider = diagram(cube, space);
    let stays = space.diagrams.implies(wider, allowed);
    if !stays && let Some(place) = cube.get_mut(axis) {
        *place = before;
    }
    stays
}

pub(crate) fn diagram(cube: &Cube, space: &mut Space) -> Ref {
    let mut below = YES;
    for (axis, cells) in cube.iter().enumerate().rev() {
        if let Some(cells) = cells {
            let children: Vec<Ref> = cells.iter().map(|will_do| if *will_do { below } else { NO }).collect();
            below = space.diagrams.node(axis, &children);
        }
    }
    below
}

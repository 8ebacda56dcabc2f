use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// A literal of a random clause: an axis, a cell, and whether it is to be in it.
type Part = (usize, usize, bool);

fn parts(most: usize) -> impl Strategy<Value = Vec<Part>> {
    vec((0..6_usize, 0..4_usize, any::<bool>()), 1..most)
}

/// A clause, and what is asked after it.
type Step = (Vec<Part>, Vec<Part>);

/// The widths of axes, and clauses over these.
fn sessions() -> impl Strategy<Value = (Vec<usize>, Vec<Step>)> {
    (vec(1..5_usize, 6), vec((parts(5), vec((0..6_usize, 0..4_usize, any::<bool>()), 0..4)), 1..40))
}

fn holds((axis, cell, is_in): Part, cells: &[usize], widths: &[usize]) -> bool {
    (cells[axis] == cell % widths[axis]) == is_in
}

fn every(widths: &[usize]) -> Vec<Vec<usize>> {
    widths.iter().fold(vec![Vec::new()], |all, width| {
        all.into_iter()
            .flat_map(|cells| (0..*width).map(move |cell| [cells.as_slice(), &[cell]].concat()))
            .collect()
    })
}

fn literal((axis, cell, is_in): Part, solver: &Solver, widths: &[usize]) -> Literal {
    let literal = solver.in_cell(axis, cell % widths[axis]);
    if is_in { literal } else { !literal }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// Cells are found exactly when there are any, whatever was asked and learned before.
    #[test]
    fn cells_are_found_exactly_when_there_are_any((widths, session) in sessions()) {
        let mut solver = Solver::new(widths.iter().map(|width| (*width, width / 2)), u64::MAX);
        let mut possible = every(&widths);
        for (clause, asked) in session {
            possible.retain(|cells| clause.iter().any(|part| holds(*part, cells, &widths)));
            solver.clause(clause.iter().map(|part| literal(*part, &solver, &widths)).collect());
            for end in 0..=asked.len() {
                let asked = &asked[..end];
                let assumed: Vec<Literal> = asked.iter().map(|part| literal(*part, &solver, &widths)).collect();
                let is_so = |cells: &[usize]| asked.iter().all(|part| holds(*part, cells, &widths));
                let answer = solver.find(&assumed);
                prop_assert_eq!(answer == Answer::Found, possible.iter().any(|cells| is_so(cells)));
                if answer == Answer::Found {
                    let cells: Vec<usize> = (0..6).map(|axis| solver.cell(axis).unwrap()).collect();
                    prop_assert!(possible.contains(&cells) && is_so(&cells));
                }
            }
        }
    }
}

/// Clauses of three literals about eight axes of two or three cells: so many that about half leave nothing.
fn knots() -> impl Strategy<Value = (Vec<usize>, Vec<Vec<Part>>, Vec<Part>)> {
    let part = (0..8_usize, 0..3_usize, any::<bool>());
    (vec(2..4_usize, 8), vec(vec(part.clone(), 3), 20..45), vec(part, 12))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The same where contradictions lie deep.
    #[test]
    fn cells_are_found_exactly_when_there_are_any_in_knots((widths, clauses, asked) in knots()) {
        let mut solver = Solver::new(widths.iter().map(|width| (*width, 0)), u64::MAX);
        for clause in &clauses {
            solver.clause(clause.iter().map(|part| literal(*part, &solver, &widths)).collect());
        }
        let mut possible = every(&widths);
        possible.retain(|cells| clauses.iter().all(|clause| clause.iter().any(|part| holds(*part, cells, &widths))));
        for pair in asked.windows(2) {
            let assumed: Vec<Literal> = pair.iter().map(|part| literal(*part, &solver, &widths)).collect();
            let is_so = |cells: &[usize]| pair.iter().all(|part| holds(*part, cells, &widths));
            let answer = solver.find(&assumed);
            prop_assert_eq!(answer == Answer::Found, possible.iter().any(|cells| is_so(cells)));
            if answer == Answer::Found {
                let cells: Vec<usize> = (0..8).map(|axis| solver.cell(axis).unwrap()).collect();
                prop_assert!(possible.contains(&cells) && is_so(&cells));
            }
        }
    }
}

/// More pigeons than holes: every pigeon is in a hole, and no two are in the same.
fn pigeons(count: usize, holes: usize) -> Solver {
    let mut solver = Solver::new((0..count).map(|_| (holes, 0)), 4_000_000);
    for (pigeon, other) in (0..count).flat_map(|pigeon| (0..pigeon).map(move |other| (pigeon, other))) {
        for hole in 0..holes {
            let (a, b) = (solver.in_cell(pigeon, hole), solver.in_cell(other, hole));
            solver.clause(vec![!a, !b]);
        }
    }
    solver
}

#[test]
fn what_is_learned_is_forgotten_in_part_and_stays_true() {
    let mut solver = pigeons(7, 6);
    assert_eq!(solver.find(&[]), Answer::None);
    assert!(solver.learned > 0);
    let mut solver = pigeons(6, 6);
    for hole in 0..6 {
        let first = solver.in_cell(0, hole);
        assert_eq!(solver.find(&[first]), Answer::Found);
    }
}

#[test]
fn what_takes_too_long_is_given_up_for_good() {
    let mut solver = pigeons(13, 12);
    assert_eq!(solver.find(&[]), Answer::GivenUp);
    let first = solver.in_cell(0, 0);
    assert_eq!(solver.find(&[first]), Answer::GivenUp);
}

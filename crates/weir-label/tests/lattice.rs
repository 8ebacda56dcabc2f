//! The laws that the boundary rests on, for arbitrary labels, boundaries and backends.

#![allow(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use proptest::collection::btree_set;
use proptest::prelude::*;
use std::collections::BTreeMap;
use weir_label::{
    Boundary, Category, Classified, Clearance, Cloud, Inspect, Jurisdiction, Label, Level, Local, Recipient,
    Refusal, Residency, Revision,
};

fn level() -> impl Strategy<Value = Level> {
    prop::sample::select(Level::ALL.to_vec())
}

fn jurisdiction() -> impl Strategy<Value = Jurisdiction> {
    prop::sample::select(vec!["EU", "DE", "US", "AE"]).prop_map(|name| name.parse().unwrap())
}

fn category() -> impl Strategy<Value = Category> {
    let names = vec!["personal", "financial", "credentials", "legal", "project_x"];
    prop::sample::select(names).prop_map(|name| name.parse().unwrap())
}

fn label() -> impl Strategy<Value = Label> {
    (level(), btree_set(category(), 0..4), btree_set(jurisdiction(), 0..3), any::<bool>()).prop_map(
        |(level, categories, jurisdictions, opaque)| {
            let label = categories.into_iter().fold(Label::at(level), Label::with_category);
            let label = jurisdictions.into_iter().fold(label, Label::with_jurisdiction);
            if opaque { label.with_opaque() } else { label }
        },
    )
}

fn residency() -> impl Strategy<Value = Residency> {
    prop::collection::btree_map(jurisdiction(), btree_set(jurisdiction(), 0..4), 0..4)
        .prop_map(Residency::new)
}

fn boundary() -> impl Strategy<Value = Boundary> {
    (level(), residency()).prop_map(|(level, residency)| Boundary::new(level, residency, Revision::new("r1")))
}

/// A cloud backend under a boundary, as far as there can be one.
fn cloud(boundary: &Boundary, level: Level, jurisdiction: Option<Jurisdiction>) -> Option<Recipient<Cloud>> {
    Some(Recipient::new("there", boundary.cloud_clearance(level, jurisdiction).ok()?))
}

fn local(boundary: &Boundary, level: Level, jurisdiction: Option<Jurisdiction>) -> Recipient<Local> {
    Recipient::new("here", boundary.local_clearance(level, jurisdiction))
}

struct Says(Label);

impl Inspect<&'static str> for Says {
    fn inspect(&self, _content: &&'static str) -> Label {
        self.0.clone()
    }
}

proptest! {
    #[test]
    fn joins_are_associative_commutative_and_idempotent(a in label(), b in label(), c in label()) {
        prop_assert_eq!(a.clone().join(&b).join(&c), a.clone().join(&b.clone().join(&c)));
        prop_assert_eq!(a.clone().join(&b), b.clone().join(&a));
        prop_assert_eq!(a.clone().join(&a), a.clone());
        prop_assert_eq!(a.clone().join(&Label::default()), a);
    }

    #[test]
    fn a_join_is_the_least_label_above_both(a in label(), b in label(), c in label()) {
        let join = a.clone().join(&b);
        prop_assert!(a.is_at_most(&join) && b.is_at_most(&join));
        prop_assert!(!(a.is_at_most(&c) && b.is_at_most(&c)) || join.is_at_most(&c));
    }

    #[test]
    fn nothing_lowers_a_label(a in label(), b in label(), level in level(), j in jurisdiction(), k in category()) {
        prop_assert!(a.is_at_most(&a.clone().join(&b)));
        prop_assert!(a.is_at_most(&a.clone().with_opaque()));
        prop_assert!(a.is_at_most(&a.clone().with_category(k)));
        prop_assert!(a.is_at_most(&a.clone().with_jurisdiction(j)));
        let classified = Classified::new("text", &Says(a.clone())).raised(&Label::at(level));
        prop_assert!(a.is_at_most(classified.label()));
        prop_assert!(a.is_at_most(classified.inspected_again(&Says(b)).label()));
    }

    /// A permit for a whole is a permit for each part, and parts that may each go may go together.
    #[test]
    fn what_is_admitted_for_a_whole_is_admitted_for_each_part(
        a in label(), b in label(), boundary in boundary(), level in level(), at in prop::option::of(jurisdiction()))
    {
        let whole = a.clone().join(&b);
        let here = local(&boundary, level, at.clone());
        let fits = |label: &Label| boundary.check(label, &here).is_ok();
        prop_assert_eq!(fits(&whole), fits(&a) && fits(&b));
        if let Some(there) = cloud(&boundary, level, at) {
            let fits = |label: &Label| boundary.check(label, &there).is_ok();
            prop_assert_eq!(fits(&whole), fits(&a) && fits(&b));
        }
    }

    #[test]
    fn no_permit_for_the_cloud_exists_for_classified_content(
        label in label(), boundary in boundary(), level in level(), at in prop::option::of(jurisdiction()))
    {
        let Some(there) = cloud(&boundary, level, at) else { return Ok(()) };
        let content = Classified::new("text", &Says(label.clone()));
        if let Ok(permit) = boundary.permit(&content, &there) {
            prop_assert!(permit.label().level() < boundary.level());
            prop_assert!(!permit.label().is_opaque());
            prop_assert!(permit.label().level() <= level);
            prop_assert_eq!(permit.backend(), "there");
            prop_assert_eq!(permit.revision(), boundary.revision());
        } else {
            prop_assert!(boundary.check(&label, &there).is_err());
        }
    }

    /// A clearance that was made under a boundary that has been tightened since opens nothing.
    #[test]
    fn a_clearance_of_an_older_boundary_does_not_outlive_it(label in label(), old in level(), new in level(), up_to in level()) {
        let old = Boundary::new(old, Residency::default(), Revision::new("old"));
        let new = Boundary::new(new, Residency::default(), Revision::new("new"));
        let Some(there) = cloud(&old, up_to, None) else { return Ok(()) };
        let content = Classified::new("text", &Says(label.clone()));
        prop_assert!(!new.is_classified(&label) || new.permit(&content, &there).is_err());
    }

    /// Nor does one that was made under a residency table that has been tightened since.
    #[test]
    fn a_clearance_of_an_older_residency_table_does_not_outlive_it(
        label in label(), old in residency(), new in residency(), at in jurisdiction(), level in level())
    {
        let old = Boundary::new(Level::Restricted, old, Revision::new("old"));
        let new_boundary = Boundary::new(Level::Restricted, new.clone(), Revision::new("new"));
        let content = Classified::new("text", &Says(label.clone()));
        let may = label.jurisdictions().iter().all(|data| new.allows(data, &at));
        let here = local(&old, level, Some(at.clone()));
        prop_assert!(may || new_boundary.permit(&content, &here).is_err());
        if let Some(there) = cloud(&old, level, Some(at)) {
            prop_assert!(may || new_boundary.permit(&content, &there).is_err());
        }
    }

    /// The permit itself refuses, so that no way of dispatch can go round the table.
    #[test]
    fn no_permit_exists_for_bound_content_where_the_table_does_not_allow_it(
        label in label(), boundary in boundary(), level in level(), at in prop::option::of(jurisdiction()))
    {
        let content = Classified::new("text", &Says(label.clone()));
        let allowed = |at: &Jurisdiction| label.jurisdictions().iter().all(|data| boundary.residency().allows(data, at));
        let here = local(&boundary, level, at.clone());
        if boundary.permit(&content, &here).is_ok() {
            prop_assert!(at.as_ref().is_none_or(allowed));
        }
        let Some(there) = cloud(&boundary, level, at.clone()) else { return Ok(()) };
        if boundary.permit(&content, &there).is_ok() {
            prop_assert!(label.jurisdictions().is_empty() || at.as_ref().is_some_and(allowed));
        }
    }

    #[test]
    fn a_cloud_clearance_is_always_below_the_boundary(boundary in boundary(), level in level()) {
        match boundary.cloud_clearance(level, None) {
            Ok(clearance) => prop_assert!(clearance.level() < boundary.level()),
            Err(error) => {
                prop_assert!(level >= boundary.level());
                prop_assert_eq!((error.level, error.boundary), (level, boundary.level()));
            }
        }
    }

    #[test]
    fn bound_data_reaches_only_jurisdictions_that_the_table_allows(
        data in jurisdiction(), at in jurisdiction(), table in residency())
    {
        let boundary = Boundary::new(Level::Restricted, table.clone(), Revision::new("r"));
        let label = Label::at(Level::Public).with_jurisdiction(data.clone());
        let there = cloud(&boundary, Level::Internal, Some(at.clone())).unwrap();
        prop_assert_eq!(boundary.check(&label, &there).is_ok(), table.allows(&data, &at));
        let nowhere = cloud(&boundary, Level::Internal, None).unwrap();
        prop_assert!(boundary.check(&label, &nowhere).is_err());
    }
}

#[test]
fn data_without_a_row_stays_in_its_own_jurisdiction() {
    let (eu, de, us): (Jurisdiction, Jurisdiction, Jurisdiction) =
        ("EU".parse().unwrap(), "DE".parse().unwrap(), "US".parse().unwrap());
    let table = Residency::new(BTreeMap::from([(eu.clone(), [eu.clone(), de.clone()].into())]));
    assert!(table.allows(&eu, &de) && !table.allows(&eu, &us));
    assert!(table.allows(&us, &us) && !table.allows(&us, &eu));
}

#[test]
fn what_could_not_be_inspected_goes_only_where_everything_may_go() {
    let boundary = Boundary::new(Level::Confidential, Residency::default(), Revision::new("r"));
    let opaque = Label::at(Level::Public).with_opaque();
    assert!(boundary.is_classified(&opaque));
    assert_eq!(boundary.check(&opaque, &local(&boundary, Level::Confidential, None)), Err(Refusal::Opaque));
    assert_eq!(boundary.check(&opaque, &local(&boundary, Level::Restricted, None)), Ok(()));
    let there = cloud(&boundary, Level::Internal, None).unwrap();
    assert_eq!(boundary.check(&opaque, &there), Err(Refusal::Opaque));
    assert_eq!(boundary.check(&Label::unknown(), &there), Err(Refusal::Opaque));
}

#[test]
fn a_refusal_says_why() {
    let boundary = Boundary::new(Level::Confidential, Residency::default(), Revision::new("r"));
    let there = cloud(&boundary, Level::Public, None).unwrap();
    let refusal = |label: Label| boundary.check(&label, &there).unwrap_err();
    assert_eq!(refusal(Label::at(Level::Restricted)).code(), "classified");
    assert_eq!(refusal(Label::at(Level::Internal)).code(), "above_clearance");
    assert_eq!(
        refusal(Label::at(Level::Confidential)).to_string(),
        "data is confidential, and from confidential up it never leaves the network"
    );
}

#[test]
fn names_are_checked_when_they_are_parsed() {
    assert_eq!("restricted".parse(), Ok(Level::Restricted));
    assert!("Restricted".parse::<Level>().is_err());
    assert_eq!("personal".parse(), Ok(Category::Personal));
    assert_eq!("hr_data".parse::<Category>().unwrap().as_str(), "hr_data");
    for bad in ["", "HR", "1x", "a b", &"x".repeat(65)] {
        assert!(bad.parse::<Category>().is_err(), "{bad}");
    }
    for bad in ["", "E", "eu", "E U", &"X".repeat(17)] {
        assert!(bad.parse::<Jurisdiction>().is_err(), "{bad}");
    }
}

#[test]
fn clearances_can_be_compared_with_labels_only() {
    let boundary = Boundary::new(Level::Confidential, Residency::default(), Revision::new("r"));
    let clearance: Clearance<Local> = boundary.local_clearance(Level::Internal, None);
    assert!(clearance.admits(&Label::at(Level::Internal)));
    assert!(!clearance.admits(&Label::at(Level::Confidential)));
}

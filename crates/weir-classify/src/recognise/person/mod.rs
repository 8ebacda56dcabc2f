//! What says something of one person: birth, numbers that organisations gave, and what Article 9 of the
//! GDPR protects.

mod address;
mod birth;
mod date;
mod labelled_address;
mod record;
mod special;
mod subject;
mod vocabulary;

use super::RecogniserInfo;

pub(in crate::recognise) use address::{POSTCODES, postcode, street_before};

pub(super) const ROWS: &[RecogniserInfo] = &[
    birth::LABELLED,
    birth::STARRED,
    record::MEDICAL,
    record::INSURANCE,
    record::CUSTOMER,
    record::EMPLOYEE,
    record::LICENCE,
    record::TELEMATIK,
    address::ROW,
    labelled_address::ROW,
    special::HEALTH,
    special::MEDICATION,
    special::DISABILITY,
    special::BIOMETRIC,
    special::BELIEF,
    special::UNION,
    special::ORIENTATION,
    special::ETHNICITY,
    special::POLITICS,
];

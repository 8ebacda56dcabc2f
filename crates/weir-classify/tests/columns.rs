//! Labels that do not stand directly before their value: at the head of a column, behind it, on the line above.

mod common;

use common::inspect;

/// What is found in `text` is of type `entity` and covers `covered`, whatever else may fit.
#[track_caller]
fn finds(entity: &str, covered: &str, text: &str) {
    let inspection = inspect(text);
    let hit = |f: &&weir_classify::Finding| {
        f.entity.as_str() == entity && text.get(f.start..f.end) == Some(covered)
    };
    assert!(inspection.findings.iter().any(|f| hit(&f)), "{entity} in `{text}`: {:?}", inspection.findings);
}

#[track_caller]
fn is_clean(text: &str) {
    assert_eq!(inspect(text).findings, [], "in `{text}`");
}

#[test]
fn a_number_in_the_cell_before_does_not_make_an_amount_of_an_identifier() {
    for (entity, label, code) in [
        ("SG_NRIC_FIN", "nric", "S1234567D"),
        ("US_SSN", "ssn", "536-90-4399"),
        ("AU_TFN", "tfn", "123 456 782"),
        ("US_PASSPORT", "us_passport", "A12803456"),
    ] {
        finds(entity, code, &format!("id,{label},state\n1,{code},open"));
        finds(entity, code, &format!("{label},amount\n{code},42\n"));
        finds(entity, code, &format!("INSERT INTO t (id, {label}) VALUES (7,{code})"));
    }
}

#[test]
fn the_head_of_a_column_labels_the_cell_below() {
    for text in [
        "row;MRN;state\n1;00452817;open\n",
        "id,medical_record_number,state\n1,00452817,open\n",
        "| MRN | State |\n|---|---|\n| 00452817 | open |\n",
        "INSERT INTO cases (id, mrn, st) VALUES (17, '00452817', 'open');",
    ] {
        finds("MEDICAL_RECORD_NUMBER", "00452817", text);
    }
    finds("TAX_NUMBER", "78X21K94Q1", "id\ttax_number\tstate\n7\t78X21K94Q1\topen");
}

#[test]
fn a_label_may_stand_behind_its_value_or_on_the_line_above() {
    for text in ["00452817 (MRN)", "00452817 is the MRN of the case"] {
        finds("MEDICAL_RECORD_NUMBER", "00452817", text);
    }
    finds("TAX_NUMBER", "78X21K94Q1", "78X21K94Q1 is the tax number we have");
    finds("TAX_NUMBER", "78X21K94Q1", "Tax number:\n78X21K94Q1\n");
    is_clean("The order 00452817 is for the MRN team.");
}

#[test]
fn a_label_in_small_letters_names_a_number_with_a_check_digit() {
    for text in ["sin: 130692544", "{\"sin\": \"130692544\"}", "<sin>130692544</sin>"] {
        finds("CA_SIN", "130692544", text);
    }
    for text in ["sin: 130692545", "sin(130692544)", "a_sin = 130692544", "f64::sin::130692544"] {
        is_clean(text);
    }
}

#[test]
fn a_label_with_accents_may_be_in_capitals_or_a_key() {
    finds("DATE_OF_BIRTH", "21/09/1952", "NACIÓ EL: 21/09/1952");
    finds("INSURANCE_NUMBER", "AB-4528177", "NUMÉRO DE POLICE: AB-4528177");
    finds("FR_CNI", "400398158586", "{\"carte_d_identité\": \"400398158586\"}");
}

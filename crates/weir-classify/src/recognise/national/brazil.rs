//! Brazil.

use super::identifier::{Identifier, id};
use super::kind::Kind;
use crate::code::Code;

pub(super) static ROWS: &[Identifier] = &[
    // Receita Federal, CPF: weights 10 to 2 and 11 to 2, modulus 11.
    id(
        "br_cpf",
        "BR",
        Kind::Tax,
        "Brazilian taxpayer numbers (CPF)",
        &["99999999999"],
        &["cpf", "cadastro de pessoas", "cpf nº", "cpf/mf"],
    )
    .check("two check digits modulo 11", |c| {
        !c.is_monotone(0..11)
            && brazil(c, 0, &[10, 9, 8, 7, 6, 5, 4, 3, 2])
            && brazil(c, 0, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
    })
    .alone(&["999.999.999-99"]),
    // Receita Federal, CNPJ; letters from July 2026 on (Instrução Normativa 2229), valued by their ASCII code less 48.
    id(
        "br_cnpj",
        "BR",
        Kind::Company,
        "Brazilian company numbers (CNPJ)",
        &["************99"],
        &["cnpj", "cadastro nacional da pessoa jurídica", "cnpj nº"],
    )
    .check("two check digits modulo 11", is_cnpj)
    .alone(&["99.999.999/9999-99", "**.***.***/****-99"]),
    id(
        "br_rg",
        "BR",
        Kind::Identity,
        "Brazilian identity card numbers (RG)",
        &["999999999", "99999999A", "99999999", "9999999"],
        &["RG", "registro geral", "carteira de identidade", "identidade"],
    )
    .alone(&["99.999.999-X"]),
    // Departamento Nacional de Trânsito, CNH.
    id(
        "br_cnh",
        "BR",
        Kind::Licence,
        "Brazilian driving licence numbers (CNH)",
        &["99999999999"],
        &["cnh", "habilitação", "carteira nacional de habilitação", "carteira de motorista"],
    )
    .check("two check digits modulo 11", is_cnh),
    // Caixa Econômica Federal, PIS/PASEP: weights 3, 2, 9 to 2, modulus 11.
    id(
        "br_pis",
        "BR",
        Kind::Social,
        "Brazilian social integration numbers (PIS, NIS, NIT)",
        &["99999999999"],
        &["PIS", "pasep", "NIS", "NIT", "pis/pasep", "ctps"],
    )
    .check("check digit modulo 11", |c| {
        !c.is_monotone(0..11) && brazil(c, 0, &[3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
    })
    .alone(&["999.99999.99-9"]),
    id(
        "br_voter",
        "BR",
        Kind::Voter,
        "Brazilian voter numbers (título de eleitor)",
        &["999999999999"],
        &["título de eleitor", "titulo de eleitor", "título eleitoral", "tse"],
    )
    .check("state", |c| matches!(c.value(8..10), 1..=28)),
    // Ministério da Saúde, Cartão Nacional de Saúde: weights 15 to 1, modulus 11.
    id(
        "br_cns",
        "BR",
        Kind::Health,
        "Brazilian health card numbers (CNS)",
        &["999999999999999"],
        &["cns", "SUS", "cartão nacional de saúde", "cartão sus"],
    )
    .check("first digit in use, divisible by 11", |c| {
        matches!(c.at(0), b'1' | b'2' | b'7'..=b'9')
            && c.sum(0, &[15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
    }),
    id("br_passport", "BR", Kind::Passport, "Brazilian passport numbers", &["AA999999"], &["passaporte"]),
    id(
        "br_plate",
        "BR",
        Kind::Plate,
        "Brazilian vehicle registration plates",
        &["AAA9999", "AAA9A99"],
        &["placa", "renavam", "placa do veículo"],
    ),
    id(
        "br_renavam",
        "BR",
        Kind::Plate,
        "Brazilian vehicle numbers (RENAVAM)",
        &["99999999999", "999999999"],
        &["renavam"],
    ),
    id(
        "br_crm",
        "BR",
        Kind::Doctor,
        "Brazilian doctors' registration numbers (CRM)",
        &["AAAAA99999", "AAAAA999999", "99999", "999999", "99999AA", "999999AA"],
        &["crm", "crm/sp", "conselho regional de medicina"],
    ),
];

fn brazil(code: &Code, from: usize, weights: &[u32]) -> bool {
    let check = match code.sum(from, weights) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    check == code.digit(from + weights.len())
}

fn is_cnpj(code: &Code) -> bool {
    let value = |at: usize| u32::from(code.at(at).saturating_sub(b'0'));
    let check = |weights: &[u32]| {
        let sum: u32 = weights.iter().enumerate().map(|(at, weight)| value(at) * weight).sum();
        if sum % 11 < 2 { 0 } else { 11 - sum % 11 }
    };
    !code.is_monotone(0..12)
        && code.digit_mask().count_ones() >= 6
        && check(&[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == code.digit(12)
        && check(&[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) == code.digit(13)
}

fn is_cnh(code: &Code) -> bool {
    let first = code.sum(0, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11;
    let second = code.sum(0, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11;
    let (first, less) = if first > 9 { (0, 2) } else { (first, 0) };
    let second = (second + 11 - less) % 11;
    !code.is_monotone(0..9)
        && first == code.digit(9)
        && (if second > 9 { 0 } else { second }) == code.digit(10)
}

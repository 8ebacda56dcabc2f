mod words;

use weir_label::Category;

/// What an identifier is for, and the words that say so in any country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Passport,
    Licence,
    Plate,
    Vehicle,
    Identity,
    Residence,
    Tax,
    Vat,
    Company,
    Social,
    Health,
    Doctor,
    Voter,
    Bank,
}

impl Kind {
    pub(crate) fn category(self) -> Category {
        match self {
            Kind::Health => Category::SpecialCategory,
            Kind::Bank => Category::Financial,
            Kind::Vat | Kind::Company => Category::Business,
            Kind::Passport
            | Kind::Licence
            | Kind::Plate
            | Kind::Vehicle
            | Kind::Identity
            | Kind::Residence
            | Kind::Tax
            | Kind::Social
            | Kind::Doctor
            | Kind::Voter => Category::Personal,
        }
    }

    /// Words that name the kind without the country.
    pub(crate) fn words(self) -> &'static [&'static str] {
        match self {
            Kind::Passport => words::PASSPORT,
            Kind::Licence => words::LICENCE,
            Kind::Plate => words::PLATE,
            Kind::Vehicle => words::VEHICLE,
            Kind::Identity => words::IDENTITY,
            Kind::Residence => words::RESIDENCE,
            Kind::Tax => words::TAX,
            Kind::Vat => words::VAT,
            Kind::Company => words::COMPANY,
            Kind::Social => words::SOCIAL,
            Kind::Health => words::HEALTH,
            Kind::Doctor => words::DOCTOR,
            Kind::Voter => words::VOTER,
            // What any account is called is the business of the recognisers of accounts.
            Kind::Bank => &[],
        }
    }
}

use weir_label::Jurisdiction;

/// The member states of the European Union.
const EU: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// The jurisdictions that data of `country` is bound to: the country, and the EU for its members.
pub(crate) fn jurisdictions(country: &str) -> impl Iterator<Item = Jurisdiction> + use<'_> {
    let union = EU.contains(&country).then_some("EU");
    [Some(country), union].into_iter().flatten().filter_map(|name| name.parse().ok())
}

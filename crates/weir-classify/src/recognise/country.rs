use weir_label::Jurisdiction;

/// The member states of the European Union.
const EU: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// The jurisdictions that an identifier of `country` binds to: the country, and the EU for its members.
pub(crate) fn jurisdictions(country: &str) -> impl Iterator<Item = Jurisdiction> {
    let union = EU.contains(&country).then_some("EU");
    [Some(country), union].into_iter().flatten().filter_map(|name| name.parse().ok())
}

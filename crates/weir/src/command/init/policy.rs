use weir_label::Level;

/// The two rules to start with, and what can be said besides.
pub(crate) fn two_rules(boundary: Level) -> String {
    let default = default_level(boundary);
    format!(
        "\
# policy.yaml: where requests may run. A running gateway takes a change over when the file is saved;
# a file that cannot be used changes nothing and is reported.
policy: 1

# Data from this level up is classified: it never leaves the network, whatever the rules below say.
# Levels: public < internal < confidential < restricted.
boundary: {boundary}

# What is found in a request, and the level that it gives. `weir recognisers` lists what is looked for.
data:
  default: {default} # when nothing is found
  personal: confidential # e-mail addresses, phone numbers, tax and health numbers…
  financial: confidential # payment cards, bank accounts
  credentials: restricted # API keys, private keys

# The first rule that matches decides. `weir explain` shows for a request which one, and why.
rules:
  - name: sensitive data stays local
    when: {{ data.level: \">= {boundary}\" }}
    use: local
    when_full: [queue 30s, degrade, reject] # wait; else a smaller local model; else say that it is full

  - name: everything else may use the cloud
    use: any
    prefer: cheapest # or: local, order (that of the alias)
    when_full: [burst, queue 10s, reject] # to the cloud at once when local is full
"
    )
}

/// With a boundary at `internal`, data in which nothing is found must be below it, or nothing could leave.
fn default_level(boundary: Level) -> Level {
    if boundary > Level::Internal { Level::Internal } else { Level::Public }
}

//! Credentials: what gives them away, and what only looks like them.

mod common;

use common::{drawn, found, inspect};
use weir_classify::{Engine, Segment, Settings};

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &str = "0123456789abcdef";
const MIXED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const DIGITS: &str = "0123456789";

fn uuid(seed: u64) -> String {
    [8, 4, 4, 4, 12].map(|len| drawn(HEX, len, seed + len as u64)).join("-")
}

fn holds_secret(text: &str) -> bool {
    found(text).iter().any(|(entity, _)| entity == "SECRET")
}

#[track_caller]
fn is_secret(text: &str) {
    assert!(holds_secret(text), "nothing found in `{text}`");
}

#[track_caller]
fn is_clean(text: &str) {
    assert_eq!(found(text), [], "in `{text}`");
}

/// Ways to assign a value to a vendor's token; `{v}` is the value.
const ASSIGNMENTS: &[&str] = &[
    "acmeToken=\"{v}\"",
    "acmeToken = '{v}'",
    "acmeToken := `{v}`",
    "acme_token: {v}",
    "acme_token: '{v}'",
    "ACME_TOKEN={v}\n",
    "export ACME_API_KEY={v}",
    "ACME_TOKEN ?= \"{v}\"",
    "ACME_TOKEN :::= \"{v}\"",
    "{\"acme_token\": \"{v}\"}",
    "{\"config.ini\": \"ACME_TOKEN={v}\\nDEBUG=true\"}",
    "{\"name\": \"ACME_TOKEN\", \"value\": \"{v}\"}",
    "- name: ACME_TOKEN\n  value: \"{v}\"",
    "acme_token: |\n  {v}",
    "<acmeToken>{v}</acmeToken>",
    "<acmeToken>\n    {v}\n</acmeToken>",
    "<entry name=\"acmeToken\" value=\"{v}\" />",
    "<key>acmeToken</key>\n<string>{v}</string>",
    "  \"acmeToken\" => \"{v}\"",
    "$acmeToken .= \"{v}\"",
    "var acmeToken string = \"{v}\"",
    "let acmeToken: String = \"{v}\";",
    "String acmeToken = \"{v}\";",
    "System.setProperty(\"ACME_TOKEN\", \"{v}\")",
    "process.env.ACME_TOKEN || \"{v}\"",
    "config[\"acme\"][\"token\"] = \"{v}\"",
    "acme --api-token {v} --json",
    "x-acme-api-key: {v}",
    "| acme_token | {v} |",
    "the acme token is {v}.",
    "my secret access key: {v}",
];

#[test]
fn random_values_under_a_credentials_name_are_found_in_every_syntax() {
    for (seed, syntax) in (100..).zip(ASSIGNMENTS) {
        for value in [
            drawn(LOWER, 16, seed),
            drawn(LOWER, 40, seed),
            drawn(HEX, 32, seed),
            drawn(MIXED, 24, seed),
            drawn(BASE32, 32, seed),
            drawn(DIGITS, 18, seed),
            uuid(seed),
        ] {
            is_secret(&syntax.replace("{v}", &value));
        }
    }
}

#[test]
fn the_finding_covers_the_value_alone() {
    let value = drawn(LOWER, 32, 7);
    for text in ["acmeToken = \"{v}\";", "ACME_TOKEN={v}\nA=1", "<acmeToken>\n {v}\n</acmeToken>"] {
        let text = text.replace("{v}", &value);
        assert_eq!(found(&text), [("SECRET".to_owned(), value.clone())], "in `{text}`");
    }
}

#[test]
fn the_key_above_a_value_is_its_name() {
    let engine = Engine::new(Settings::default()).unwrap();
    let value = drawn(LOWER, 32, 3);
    let found = |key, value| engine.inspect(&[Segment::key(key), Segment::text(value)]).findings.len();
    assert_eq!(found("acmeApiKey", &value), 1);
    assert_eq!(found("password", "Tr0ub4dor&3"), 1);
    assert_eq!(found("content", &value), 0);
    assert_eq!(found("api_key", "your-api-key"), 0);
    assert_eq!(found("api_key", "the key that the vendor's console shows"), 0);
}

#[test]
fn a_name_and_its_value_may_be_neighbours() {
    let engine = Engine::new(Settings::default()).unwrap();
    let value = drawn(LOWER, 32, 5);
    let segments =
        [Segment::key("name"), Segment::text("ACME_TOKEN"), Segment::key("value"), Segment::text(&value)];
    assert_eq!(engine.inspect(&segments).findings.len(), 1);
}

#[test]
fn credentials_are_found_by_their_form() {
    let hex = |len| drawn(HEX, len, 11);
    let low = |len| drawn(LOWER, len, 12);
    let mix = |len| drawn(MIXED, len, 13);
    for text in [
        format!("https://jo:{}@db.corp.test/x", mix(12)),
        "postgres://app:S3cr!t-Pa55@10.0.0.3:5432/app".to_owned(),
        "mongodb+srv://jo:k9Vw2_xQ@cluster0.mongodb.test".to_owned(),
        "redis://:p4ssw9rD!x@cache:6379/0".to_owned(),
        "Server=db;User Id=sa;Password=Zk3!vutq9;Encrypt=true".to_owned(),
        format!("curl -u jo:{} https://host.test", mix(12)),
        format!("curl -X POST -H 'Accept: */*' --user 'jo:{}' https://host.test", mix(12)),
        format!("Authorization: Bearer {}", mix(32)),
        "Authorization: Basic am86TjB0LWEtcGFzc3dkIQ==".to_owned(),
        format!("Cookie: theme=dark; sessionid={}", low(32)),
        format!("Set-Cookie: JSESSIONID={}; Path=/", drawn("0123456789ABCDEF", 32, 3)),
        format!("https://x.blob.core.windows.net/c/f?sv=2024&sig={}%3D", mix(43)),
        format!("https://b.s3.amazonaws.com/k?X-Amz-Signature={}", hex(64)),
        format!(
            "https://acme.webhook.office.com/webhookb2/{}@{}/IncomingWebhook/{}/{}",
            uuid(1),
            uuid(2),
            hex(32),
            uuid(3)
        ),
        format!("https://discord.com/api/webhooks/{}/{}", drawn(DIGITS, 18, 4), mix(68)),
        format!("https://hooks.slack.com/services/T{0}/B{0}/{1}", drawn(BASE32, 8, 5), mix(24)),
        format!("jo:$apr1${}${}", mix(8), mix(22)),
        format!("root:$6${}${}:19000:0:99999:7:::", mix(16), mix(86)),
        format!("$2b$12${}", mix(53)),
        format!("$argon2id$v=19$m=65536,t=3,p=4${}${}", mix(22), mix(43)),
        format!("pbkdf2_sha256$600000${}${}=", mix(22), mix(43)),
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  value: {}\n",
            "aHVudGVyLTQyIQ=="
        ),
        format!(
            "{{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{0}\",\"y\":\"{0}\",\"d\":\"{1}\"}}",
            mix(43),
            mix(42)
        ),
        format!("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC{}", mix(400)),
        format!("otpauth://totp/Acme:jo?secret={}&issuer=Acme", drawn(BASE32, 32, 6)),
        format!("{{\"auths\":{{\"registry.test\":{{\"auth\":\"{}\"}}}}}}", "am86TjB0LWEtcGFzc3dkIQ=="),
        format!("//registry.test/:_authToken={}", uuid(9)),
        format!("machine host.test login jo password: {}", mix(14)),
        format!("client_secret: {}8Q~{}", mix(3), mix(33)),
        format!("BUNDLE_GEMS__ACME__TEST={}:{}", hex(8), hex(8)),
        format!("acme_live_{}", mix(32)),
        format!("datadog: {}", low(40)),
    ] {
        is_secret(&text);
    }
}

#[test]
fn sentences_give_passwords_and_codes_away() {
    for text in [
        "the password is Sommer!2024, please keep it",
        "Password: Tr0ub4dor&3",
        "Das Passwort lautet Zi3gen-k@se",
        "Mon mot de passe : Fr0mage!77",
        "mi contraseña es Qu3so#Azul",
        "la password è P1zza%Notte",
        "het wachtwoord is K4as&brood",
        "비밀번호: Yeoreum&77",
        "Şifre: Yaz&2077",
        "heslo je Leto&2077",
        "ο κωδικός είναι Kalo&2077",
        "הסיסמה היא Kayitz&77",
        "mật khẩu là He&2077",
        "jelszó: Nyar&2077",
        "salasana: Kesa&2077",
        "adgangskode: Sommer&77",
        "пароль: Qz7!mxwv",
        "密码：Qz7!mxwv",
        "my PIN is 4821",
        "PIN: 902174",
        "Your verification code is 481902",
        "Der Bestätigungscode lautet 739104",
        "code de vérification : 730184",
        "seed phrase: wagon abandon spice ladder tunnel orbit canyon velvet pepper lemon dragon umbrella",
    ] {
        is_secret(text);
    }
}

#[test]
fn names_code_and_placeholders_are_clean() {
    for text in [
        "token = get_token()",
        "password: str",
        "def login(user: str, password: str, token2: int) -> None:",
        "key = \"name\"",
        "API_KEY=your-key-here",
        "api_key: <YOUR_API_KEY>",
        "password=changeme",
        "token: ${TOKEN}",
        "apiKey: process.env.ACME_API_KEY,",
        "secret = os.environ[\"ACME_SECRET\"]",
        "password: ********",
        "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
        "\"max_tokens\": 4096, \"total_tokens\": 1234567890",
        "{\"type\": \"object\", \"properties\": {\"password\": {\"type\": \"string\", \"minLength\": 12}}}",
        "primary_key = \"id\"",
        "cacheKey: \"user:profile:v2:en-GB\"",
        "nextPageToken: \"CAUQAA3f9x2Kp7v\"",
        "public_key = \"MCowBQYDK2VwAyEAq8jVh2nP5tYx\"",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPj5 jo@host",
        "the password is required and must have 12 characters",
        "the password is hashed with SHA-256 and PBKDF2",
        "GET /reset?token=abc123",
        "curl -u username:password https://api.example.com",
        "curl -u \"$USER:$PASSWORD\" https://api.example.com",
        "postgres://user:password@localhost:5432/db",
        "https://user:${PASSWORD}@host/",
        "amqp://guest:guest@localhost:5672/",
        "Authorization: Bearer <token>",
        "Authorization: Bearer $TOKEN",
        "Secrets::Aes128Gcm { key, iv }",
        "password: *const c_char,",
        "self.password.encode(\"latin1\")",
        "(\"md5\", \"password\", \"scram-sha-256\")",
        "connect GPIO pin 1234 to PIN 12",
        "i18n_key: \"checkout.payment.errors.cvc2_invalid\"",
        "kind: Secret\nmetadata:\n  name: db\nstringData:\n  password: \"\"\n",
        "fn parse_token_2(input: &str) -> Token2 { Token2::new(input) }",
        "the mnemonic for the planets is my very eager mother just served us nine pizzas and the dog ate them",
        "datadog: enabled, sentry: disabled",
        "get_live_updates_from_the_server_2 and run_test_suite_42_in_parallel",
    ] {
        is_clean(text);
    }
}

#[test]
fn digests_and_identifiers_are_clean() {
    let hex = |len| drawn(HEX, len, 21);
    let mix = |len| drawn(MIXED, len, 22);
    for text in [
        format!("commit {}", hex(40)),
        format!("\"integrity\": \"sha512-{}==\"", mix(86)),
        format!("checksum = \"{}\"", hex(64)),
        format!("image: registry.test/app@sha256:{}", hex(64)),
        format!("ETag: \"{}\"", hex(32)),
        format!("cache_key: {}", hex(40)),
        format!("id: {}", uuid(31)),
        format!("request_id={} trace={}", uuid(32), hex(32)),
        format!("nonce: {}", mix(22)),
        format!("idempotency_key: {}", uuid(33)),
        format!("data:image/png;base64,{}", mix(200)),
        format!("-----BEGIN CERTIFICATE-----\nMIID{}\n-----END CERTIFICATE-----", mix(60)),
        format!("key_id: {}", hex(32)),
        format!("call_{} chatcmpl-{}", mix(24), mix(29)),
        format!("main.{}.js", hex(20)),
        format!("v0.0.0-20240102030405-{}", hex(12)),
    ] {
        is_clean(&text);
    }
}

#[test]
fn placeholders_of_every_syntax_are_clean() {
    for syntax in ASSIGNMENTS {
        for value in [
            "your-token-here",
            "xxxxxxxxxxxxxxxxxxxx",
            "REPLACE_ME",
            "<token>",
            "${TOKEN}",
            "example-token-123456",
        ] {
            is_clean(&syntax.replace("{v}", value));
        }
    }
}

#[test]
fn a_secret_shows_in_json_within_json() {
    let value = drawn(LOWER, 32, 41);
    is_secret(&format!(r#"{{"arguments":"{{\"env\":\"{{\\\"ACME_TOKEN\\\":\\\"{value}\\\"}}\"}}"}}"#));
    assert!(
        inspect(&format!(r"ACME_TOKEN={value}\nPORT=8080")).findings.iter().all(|f| f.end - f.start == 32)
    );
}

/// The first is that of BIP-39's test vector of zeros, the second of 128 bits of ones.
#[test]
fn a_seed_phrase_is_found_by_its_checksum_near_a_word_for_wallets() {
    let zeros =
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
    let ones = "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong";
    let long =
        "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title";
    for phrase in [zeros, ones] {
        for text in [
            format!("my wallet: {phrase}"),
            format!("these 12 words restore it: {phrase} and that is all"),
            format!("Trezor backup\n{}", phrase.replace(' ', "\n")),
            format!("wallet = [\"{}\"]", phrase.replace(' ', "\", \"")),
        ] {
            assert!(found(&text).iter().any(|(entity, _)| entity == "SECRET"), "in `{text}`");
        }
        let wrong = phrase.replacen("about", "above", 1).replacen("wrong", "zoo", 1);
        is_clean(&format!("my wallet: {wrong}"));
        is_secret(&format!("seed phrase: {wrong}"));
    }
    is_clean(&format!("my wallet: {long}"));
    is_clean(
        "the wallet shows how many people always bring their own paper money into town every single day",
    );
}

/// Test vectors of BIP-39's reference implementation, and one word changed in each.
#[test]
fn a_seed_phrase_needs_no_word_beside_it() {
    let phrase = "letter advice cage absurd amount doctor acoustic avoid letter advice cage above";
    for text in [
        phrase.to_owned(),
        format!("Could you look at this?\n{phrase}\nThanks"),
        format!("here it is: {phrase}"),
        phrase.replace(' ', "\n"),
        phrase.split(' ').zip(1..).map(|(word, n)| format!("{n}. {word}\n")).collect(),
    ] {
        is_secret(&text);
    }
    for text in [
        phrase.replace("above", "about"),
        "abandon ability able about above absent absorb abstract absurd abuse access accident".to_owned(),
    ] {
        common::finds_nothing(&text);
    }
}

#[test]
fn a_value_made_as_passwords_are_needs_no_verb_after_the_word() {
    for text in [
        "user;password;city\n17;kV7#pq2Lw!z;Rome",
        "/* TODO: test with password kV7#pq2Lw!z */",
        "мой password kV7#pq2Lw!z",
        "我的密码是kV7#pq2Lw!z。",
        "[10:23] eve: sure, password\n[10:23] eve: kV7#pq2Lw!z",
    ] {
        is_secret(text);
    }
    for text in ["password fields, OAuth2.0 and SHA-256", "the password regex [A-Za-z0-9!@#$]{8,}"] {
        common::finds_nothing(text);
    }
}

#[test]
fn keys_that_sentences_and_labels_give_away_are_found_in_many_languages() {
    for (seed, text) in (500..).zip([
        "Der API-Schlüssel für Acme lautet {v}.",
        "clé API Acme : {v}",
        "la clave de API de Acme es {v}",
        "chiave API Acme: {v}",
        "a chave de API do Acme é {v}",
        "klucz API: {v}",
        "ключ API: {v}",
        "The API key for Acme in production is {v}",
    ]) {
        for value in [drawn(HEX, 32, seed), drawn(MIXED, 32, seed), drawn(LOWER, 24, seed)] {
            is_secret(&text.replace("{v}", &value));
        }
    }
    is_clean("la clave de API se guarda en el servidor 12, la chiave API si trova nelle impostazioni");
    is_clean("der API-Schlüssel ist abc, der API-Schlüssel lautet anders als gestern");
}

#[test]
fn values_beside_a_credentials_name_are_found() {
    let value = drawn(MIXED, 32, 77);
    for syntax in [
        "# Acme secret {v}",
        "set -x API_KEY {v}",
        "setx API_KEY \"{v}\"",
        "(def api-key \"{v}\")",
        "ENV ADMIN_PASSWORD {v}",
        "#define WIFI_PASS \"{v}\"",
        "ALTER ROLE app PASSWORD '{v}';",
        "machine host.test login jo password {v}",
        "Const DB_PWD As String = \"{v}\"",
        "<param-name>pwd</param-name><param-value>{v}</param-value>",
        "remotepass = \"{v}\"",
    ] {
        is_secret(&syntax.replace("{v}", &value));
    }
    for text in ["the secret internationalisation", "API_KEY environment_variable_2", "password: !vault |"] {
        is_clean(text);
    }
}

#[test]
fn passwords_of_commands_and_calls_are_found() {
    for text in [
        "sshpass -p Mont#62nSa ssh jo@host",
        "sshpass -p 'Mont#62nSa' scp f jo@host:",
        "mysql -u root -pMont#62nSa shop",
        "docker login -u jo -p Mont#62nSa registry.test",
        "redis-cli -h cache -a Mont#62nSa ping",
        "ldapsearch -D cn=admin,dc=x -w Mont#62nSa -b dc=x",
        "sqlcmd -S srv -U sa -P \"Mont#62nSa\" -Q x",
        "smbclient //srv/share -U jo%Mont#62nSa",
        "lftp -u jo,Mont#62nSa sftp://h",
        "net use Z: \\\\srv\\share /user:jo Mont#62nSa",
        "rabbitmqctl add_user jo Mont#62nSa",
        "7z a -pMont#62nSa out.7z f",
        "sqlplus scott/Mont#62nSa@orcl",
        "DriverManager.getConnection(url, \"sa\", \"Mont#62nSa\");",
        "DriverManager.getConnection(\"jdbc:h2:mem\", \"sa\", \"Mont#62nSa\");",
        "new mysqli(\"localhost\", \"root\", \"Mont#62nSa\", \"shop\");",
        "server.login(\"jo\", 'Mont#62nSa')",
        "CREATE USER app IDENTIFIED BY 'Mont#62nSa';",
        "db.corp.test:5432:shop:app:Mont#62nSa",
        "jdbc:oracle:thin:app/Mont#62nSa@//db:1521/xe",
        "WIFI:T:WPA;S:Office;P:Mont#62nSa;;",
        "radius-server key Mont#62nSa",
        "use Mont#62nSa as the password",
        "user: jo\npw: Mont#62nSa",
    ] {
        is_secret(text);
    }
    for text in [
        "mysql -u root -p shop",
        "mysql -u root -p Sh0p2024x",
        "7z a -p archive1.7z",
        "The password hash is bcrypt2b10",
        "the password policy is NIST-800-63B",
        "mysql -h db1 -P 3306 -u root",
        "docker login -u $USER -p $PASS registry.test",
        "sshpass -p \"$PASSWORD\" ssh jo@host",
        "zip -r backup2024.zip src2",
        "client.login(\"jo\", \"smtp.test:587\")",
        "getConnection(\"jdbc:h2:mem\", \"sa\", \"\")",
        "localhost:5432:shop:app:password",
    ] {
        is_clean(text);
    }
}

#[test]
fn keys_with_a_mark_of_their_service_are_found() {
    let mix = |len| drawn(MIXED, len, 91);
    for text in [
        format!("{}AZDO{}", mix(76), mix(4)),
        format!("{}JQQJ99{}", mix(52), mix(26)),
        format!("{}+ASt{}==", mix(76), mix(6)),
        format!("{}AzSe{}", mix(42), mix(6)),
        format!("{}NRAL", drawn(HEX, 36, 6)),
        format!("access_token$production${}${}", drawn(LOWER, 16, 7), drawn(HEX, 32, 8)),
        format!("pk_12345678_{}", drawn(BASE32, 32, 9)),
        format!("dtn_{}", drawn(HEX, 64, 10)),
        "BitLocker recovery key: 110011-220022-330033-440044-550055-660066-077077-088088".to_owned(),
        format!("Administrator:500:aad3b435b51404eeaad3b435b51404ee:{}:::", drawn(HEX, 32, 12)),
    ] {
        is_secret(&format!("see {text} for it"));
    }
    is_clean("recovery key: 110012-220022-330033-440044-550055-660066-077077-088088");
}

//! The rules: what secrets look like, as one table.
//!
//! Prefixes, alphabets and lengths are facts that the issuers of the tokens publish; where a rule
//! set was the place to look them up, it is named. The expressions are ours
//! (docs/decisions/0025-secrets-stay-outside.md).

/// One kind of secret that is known by its form.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The kind, as markers, findings and `--allow-secrets` have it.
    pub name: &'static str,
    /// Words of which one must occur for the expression to be tried; lower case, compared without
    /// case.
    pub keywords: &'static [&'static str],
    /// The expression. If it has a group, that group is the secret, otherwise the whole match is.
    pub regex: &'static str,
    /// What must hold besides.
    pub check: Check,
    /// A template of such a secret for tests: `{a34}` is 34 letters and digits, `{h}` hex digits,
    /// `{U}` capitals and digits, `{l}` small letters and digits, `{b}` base64, `{d}` digits, `{w}`
    /// small letters only.
    pub sample: &'static str,
    /// Where the form is described.
    pub from: &'static str,
}

/// What must hold of a match besides its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nothing.
    Form,
    /// It looks drawn at random: letters and digits, few repeated. Words and names do not.
    Random,
    /// It is not a placeholder such as `<token>` or `${TOKEN}`.
    Value,
    /// It is `name:password` before a host, without a scheme that would tell.
    Login,
    /// It is base64 of `name:password`.
    Basic,
    /// It is base64 of a PEM private key.
    Base64Pem,
}

const ISSUER: &str = "issuer's documentation";
const GITLEAKS: &str = "gitleaks (MIT)";

const fn rule(
    name: &'static str,
    keywords: &'static [&'static str],
    regex: &'static str,
    check: Check,
    sample: &'static str,
    from: &'static str,
) -> Rule {
    Rule { name, keywords, regex, check, sample, from }
}

/// Where no documentation of the issuer tells the form: keys that people published with their
/// programs, many of one form.
const PUBLISHED: &str = "keys in public repositories";

use Check::{Base64Pem, Basic, Form, Login, Random, Value};

/// All rules that are expressions. Of two that match at one place the first counts. Private keys in
/// PEM and settings such as `password: …` are found by code beside this table.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // Keys of files.
    rule("private-key", &["ls0tls1crudjti"], r"LS0tLS1CRUdJTi[A-Za-z0-9+/\\\r\n]{40,}={0,2}", Base64Pem, "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t{b64}", "RFC 7468 in base64"),
    rule("private-key", &["b3blbnnzac1rzxktdje"], r"b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=\\\r\n ]{20,}", Form, "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU{b64}", "PROTOCOL.key of OpenSSH"),
    rule("private-key", &["age-secret-key-"], r"(?i)AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{40,}", Form, "AGE-SECRET-KEY-1{U58}", "C2SP age.md"),
    rule("private-key", &["kty"], r#"(?:^|[\s"'{,])(?:d|k|p|q|d[pq]|qi)["']?\s*[:=]\s*["']?([A-Za-z0-9_-]{20,})(?:["'\s,}]|$)"#, Random, r#"{"kty": "OKP", "crv": "Ed25519", "d": "{b43}"}"#, "RFC 7517"),
    rule("private-key", &["<rsakeyvalue>"], r"<D>([A-Za-z0-9+/=\s]{20,})</D>", Form, "<RSAKeyValue><D>{b64}</D></RSAKeyValue>", "XML Signature"),

    // Model hubs and trackers.
    rule("hugging-face-token", &["hf_", "api_org_"], r"\b(?:hf|api_org)_[A-Za-z0-9]{20,}", Random, "hf_{a34}", ISSUER),
    rule("hugging-face-token", &["hf_"], r"\bhf_[A-Za-z0-9]{34}\b", Form, "hf_{a34}", GITLEAKS),
    rule("hugging-face-token", &["hf_oauth_"], r"\bhf_oauth_[A-Za-z0-9._-]{20,}", Form, "hf_oauth_eyJ{a33}.eyJ{a60}.{a43}", PUBLISHED),
    rule("wandb-key", &["wandb_v1_"], r"\bwandb_v1_[A-Za-z0-9_-]{20,}", Form, "wandb_v1_{a40}", ISSUER),
    rule("wandb-key", &["wandb", "local-"], r"(?i)\b(?:wandb[\w.\- ]{0,12}(?:key|login)|api[._ -]?key|(?:re)?login)[\w.\- \t:=('\x22\[\]]{0,40}?[ \t:='\x22(]((?:local-)?[0-9a-f]{40})\b", Random, "wandb login {h40}", ISSUER),
    rule("wandb-key", &["login"], r#"\bwandb["',\s]{1,6}login["',\s]{1,6}(?:--?[\w\-]+(?:[= \t,"']{1,4}[^\s"',=]+)?["',\s]{1,6}){0,3}((?:local-)?[0-9a-f]{40})\b"#, Random, "wandb login --host=https://wandb.example.org {h40}", ISSUER),
    rule("wandb-key", &["local-"], r"\blocal-[0-9a-f]{40}\b", Form, "local-{h40}", ISSUER),
    rule("neptune-token", &["eyjhcglfywrkcmvzcyi"], r"eyJhcGlfYWRkcmVzcyI[A-Za-z0-9+/=_-]{20,}", Form, "eyJhcGlfYWRkcmVzcyI6{b80}", ISSUER),
    rule("databricks-token", &["dapi", "dkea", "dose"], r"\b(?:dapi|dkea|dose)[a-f0-9]{32}(?:-\d+)?\b", Form, "dapi{h32}", GITLEAKS),
    rule("kaggle-token", &["kgat_"], r"\bKGAT_[A-Za-z0-9]{20,}", Form, "KGAT_{h32}", ISSUER),
    rule("dagshub-token", &["dagshub", "dhp_"], r"\bdhp_[A-Za-z0-9]{20,}", Form, "dhp_{a40}", ISSUER),
    rule("lightning-key", &["lightning_", "ltai_"], r"\blightning_(?:api_)?key\W{1,4}([0-9a-f-]{36})\b", Random, "lightning_api_key: {h8}-{h4}-{h4}-{h4}-{h12}", ISSUER),

    // Model services.
    rule("anthropic-key", &["sk-ant-"], r"\bsk-ant-[A-Za-z0-9_-]{16,}", Form, "sk-ant-api03-{a93}AA", GITLEAKS),
    rule("openrouter-key", &["sk-or-"], r"\bsk-or-(?:v\d+-)?[A-Za-z0-9_-]{20,}", Form, "sk-or-v1-{h64}", ISSUER),
    rule("openai-key", &["sk-", "sess-"], r"\b(?:sk|sess)-[A-Za-z0-9_-]{20,}", Random, "sk-proj-{a48}", GITLEAKS),
    rule("groq-key", &["gsk_"], r"\bgsk_[A-Za-z0-9]{20,}", Random, "gsk_{a52}", ISSUER),
    rule("replicate-token", &["r8_"], r"\br8_[A-Za-z0-9]{30,}", Random, "r8_{a37}", ISSUER),
    rule("perplexity-key", &["pplx-"], r"\bpplx-[A-Za-z0-9]{30,}", Random, "pplx-{a48}", GITLEAKS),
    rule("xai-key", &["xai-"], r"\bxai-[A-Za-z0-9]{40,}", Random, "xai-{a80}", ISSUER),
    rule("nvidia-key", &["nvapi-"], r"\bnvapi-[A-Za-z0-9_-]{30,}", Form, "nvapi-{a64}", ISSUER),
    rule("langsmith-key", &["lsv2_"], r"\blsv2_(?:pt|sk)_[A-Za-z0-9_]{20,}", Form, "lsv2_pt_{h32}_{h10}", ISSUER),
    rule("pinecone-key", &["pcsk_"], r"\bpcsk_[A-Za-z0-9_]{20,}", Form, "pcsk_{a60}", ISSUER),
    rule("tavily-key", &["tvly-"], r"\btvly-[A-Za-z0-9_-]{20,}", Random, "tvly-{a32}", ISSUER),
    rule("jina-key", &["jina_"], r"\bjina_[A-Za-z0-9_-]{30,}", Random, "jina_{a60}", ISSUER),
    rule("fireworks-key", &["fw_"], r"\bfw_[A-Za-z0-9]{20,}", Random, "fw_{a24}", ISSUER),
    rule("runpod-key", &["rpa_"], r"\brpa_[A-Za-z0-9]{30,}", Random, "rpa_{a46}", ISSUER),
    rule("modal-token", &["ak-", "as-"], r"\ba[ks]-[A-Za-z0-9]{22}\b", Random, "ak-{a22}", ISSUER),
    rule("voyage-key", &["pa-"], r"\bpa-[A-Za-z0-9_-]{43}\b", Random, "pa-{a43}", ISSUER),
    rule("together-key", &["tgp_v1_"], r"\btgp_v1_[A-Za-z0-9_-]{30,}", Form, "tgp_v1_{a43}", PUBLISHED),
    rule("cerebras-key", &["csk-"], r"\bcsk-[A-Za-z0-9]{40,}", Form, "csk-{l48}", PUBLISHED),
    rule("llama-cloud-key", &["llx-"], r"\bllx-[A-Za-z0-9]{40,}", Random, "llx-{a48}", PUBLISHED),
    rule("prefect-key", &["pnu_", "pnb_"], r"\bpn[ub]_[A-Za-z0-9]{30,}", Random, "pnu_{a36}", GITLEAKS),
    rule("elevenlabs-key", &["sk_"], r"\bsk_[a-f0-9]{48}\b", Form, "sk_{h48}", ISSUER),
    rule("baseten-key", &["baseten"], r"(?i)baseten\w*\W{1,4}([A-Za-z0-9]{8}\.[A-Za-z0-9]{32})\b", Random, "BASETEN_API_KEY={a8}.{a32}", ISSUER),

    // Clouds.
    rule("aws-secret-key", &["akia", "asia"], r"\b(?:AKIA|ASIA)[A-Z0-9]{16}[\s,;:|'\x22]{1,8}(?:[\w ]{0,24}[=:][\s'\x22]{0,4})?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)", Random, "ASIA{U16}, {b40}", GITLEAKS),
    rule("aws-access-key", &["akia", "asia", "abia", "acca", "a3t"], r"\b(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}\b", Form, "AKIA{U16}", GITLEAKS),
    rule("aws-secret-key", &["aws"], r"(?i)aws[\w .\-]{0,40}[\s:=>,'\x22\\]{1,12}([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)", Random, "aws: {b40}", GITLEAKS),
    rule("aws-session-token", &["fwogzxivyxdz", "iqojb3jpz2lux2vj"], r"\b(?:FwoGZXIvYXdz|IQoJb3JpZ2luX2Vj)[A-Za-z0-9+/=]{40,}", Form, "IQoJb3JpZ2luX2Vj{b120}", ISSUER),
    rule("aws-bedrock-key", &["absk"], r"\bABSK[A-Za-z0-9+/]{60,}={0,2}", Form, "ABSK{b128}", GITLEAKS),
    rule("google-api-key", &["aiza"], r"\bAIza[0-9A-Za-z_-]{30,}", Form, "AIza{a35}", GITLEAKS),
    rule("google-oauth-token", &["ya29."], r"\bya29\.[0-9A-Za-z_.-]{20,}", Form, "ya29.{a64}", ISSUER),
    rule("google-oauth-token", &["1//0"], r"\b1//0[0-9A-Za-z_-]{30,}", Form, "1//0{a60}", ISSUER),
    rule("google-client-secret", &["gocspx-"], r"\bGOCSPX-[A-Za-z0-9_-]{20,}", Form, "GOCSPX-{a28}", ISSUER),
    rule("azure-storage-key", &["key="], r"(?i)(?:Account|SharedAccess)Key=([A-Za-z0-9+/]{40,}={0,2})", Form, "AccountKey={b86}==", ISSUER),
    rule("azure-storage-key", &["fs.azure."], r#"(?i)\bfs\.azure\.[\w.\-]{0,128}(?:key|secret|token)[\w.\-]{0,128}["'\\]{0,4}[ \t]*[=:,]?[ \t]*["'\\]{0,4}([A-Za-z0-9+/~%&=._\-]{30,})"#, Random, "fs.azure.account.key.runs.dfs.core.windows.net={b86}==", "Hadoop, hadoop-azure"),
    rule("azure-client-secret", &["q~"], r"[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}", Random, "{a3}8Q~{a34}", GITLEAKS),
    rule("azure-key", &["jqqj9"], r"\b[A-Za-z0-9]{40,60}JQQJ9[A-Za-z0-9]{10,40}\b", Form, "{a52}JQQJ99{a26}", ISSUER),
    rule("alibaba-key", &["ltai"], r"\bLTAI[A-Za-z0-9]{16,24}\b", Random, "LTAI{a20}", GITLEAKS),
    rule("tencent-key", &["akid"], r"\bAKID[A-Za-z0-9]{32,40}\b", Random, "AKID{a32}", PUBLISHED),
    rule("volcengine-key", &["aklt"], r"\bAKLT[A-Za-z0-9_-]{40,60}", Random, "AKLT{a43}", PUBLISHED),
    rule("yandex-key", &["aqvn"], r"\bAQVN[A-Za-z0-9_-]{35,38}", Random, "AQVN{a36}", GITLEAKS),
    rule("fly-token", &["fm2_", "fm1", "fo1_"], r"\b(?:fm2_|fm1[ar]_|fo1_)[A-Za-z0-9+/_-]{40,}={0,3}", Random, "fm2_{a200}", GITLEAKS),
    rule("netlify-token", &["nfp_"], r"\bnfp_[A-Za-z0-9]{36,}", Random, "nfp_{a40}", PUBLISHED),
    rule("digitalocean-token", &["_v1_"], r"\bdo[opr]_v1_[a-f0-9]{64}", Form, "dop_v1_{h64}", GITLEAKS),
    rule("ibm-key", &["ibm"], r"(?i)ibm[\w .\-]{0,20}key[\s:='\x22]{1,6}([A-Za-z0-9_-]{44})\b", Random, "IBM_CLOUD_API_KEY={a44}", ISSUER),

    // Code hosts and registries.
    rule("github-token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"\bgh[pousr]_[A-Za-z0-9_.-]{20,}", Random, "ghp_{a36}", GITLEAKS),
    rule("github-token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], r"\bgh[pousr]_[A-Za-z0-9]{36}\b", Form, "gho_{a36}", GITLEAKS),
    rule("github-token", &["github_pat_"], r"\bgithub_pat_[A-Za-z0-9_]{20,}", Form, "github_pat_{a22}_{a59}", GITLEAKS),
    rule("gitlab-token", &["gl"], r"\bgl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-[A-Za-z0-9_.-]{20,}", Form, "glpat-{a20}", GITLEAKS),
    rule("gitlab-token", &["gr1348941"], r"\bGR1348941[A-Za-z0-9_-]{20}", Form, "GR1348941{a20}", GITLEAKS),
    rule("bitbucket-token", &["atbb", "atctt3", "atatt3"], r"\bAT(?:BB[A-Za-z0-9]{28,}|(?:CTT3|ATT3)[A-Za-z0-9_=-]{40,})", Form, "ATATT3xFfGF0{a180}", GITLEAKS),
    rule("npm-token", &["npm_"], r"\bnpm_[A-Za-z0-9]{30,}", Random, "npm_{a36}", GITLEAKS),
    rule("pypi-token", &["pypi-"], r"\bpypi-[A-Za-z0-9_-]{40,}", Random, "pypi-AgEIcHlwaS5vcmc{a60}", GITLEAKS),
    rule("rubygems-token", &["rubygems_"], r"\brubygems_[a-f0-9]{40,}", Form, "rubygems_{h48}", GITLEAKS),
    rule("crates-io-token", &["cio"], r"\bcio[A-Za-z0-9]{32}\b", Random, "cio{a32}", ISSUER),
    rule("docker-token", &["dckr_"], r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}", Form, "dckr_pat_{a27}", ISSUER),
    rule("sonar-token", &["squ_", "sqp_", "sqa_"], r"\bsq[upa]_[a-f0-9]{40}\b", Form, "sqp_{h40}", GITLEAKS),
    rule("circleci-token", &["ccipat_"], r"\bCCIPAT_[A-Za-z0-9]{20,}_[a-f0-9]{40}", Form, "CCIPAT_{a22}_{h40}", ISSUER),
    rule("snyk-token", &["snyk_uat.", "snyk_sat."], r"\bsnyk_[us]at\.[A-Za-z0-9]{8}\.[A-Za-z0-9._-]{20,}", Form, "snyk_uat.{h8}.{a60}", "snyk/cli, tests of its tokens"),
    rule("conda-token", &["/t/"], r#"\bhttps?://[^\s/"'<>]{1,255}/t/((?:[a-z]{2}-)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})/"#, Form, "https://conda.anaconda.org/t/co-{h8}-{h4}-{h4}-{h4}-{h12}/private", "conda, split_conda_url_easy_parts"),
    rule("conda-token", &["/t/"], r#"\bhttps?://[^\s/"'<>]{1,255}/t/([A-Za-z0-9-]{16,})/"#, Random, "https://conda.anaconda.org/t/co-{h8}-{h4}-{h4}-{h4}-{h12}/private", "conda, split_conda_url_easy_parts"),
    rule("artifactory-token", &["akcp", "cmvmd"], r"\b(?:AKCp|cmVmd)[A-Za-z0-9]{50,}", Random, "AKCp{a69}", GITLEAKS),

    // Messages, payment, operations.
    rule("slack-token", &["xox", "xapp-"], r"\b(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]{10,}", Form, "xoxb-{d12}-{d12}-{a24}", GITLEAKS),
    rule("webhook-url", &["hooks.slack.com", "webhook", "hooks.zapier"], r"\bhooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{20,})", Form, "https://hooks.slack.com/services/T{U10}/B{U10}/{a24}", GITLEAKS),
    rule("webhook-url", &["/api/webhooks/"], r"\bdiscord(?:app)?\.com/api/(?:v\d+/)?webhooks/(\d+/[A-Za-z0-9_-]{20,})", Form, "https://discord.com/api/webhooks/{d18}/{a68}", GITLEAKS),
    rule("webhook-url", &["webhook.office.com", "logic.azure.com"], r"\bwebhook\.office\.com/(webhookb2/[A-Za-z0-9@/-]{40,})", Form, "https://x.webhook.office.com/webhookb2/{h32}@{h32}/IncomingWebhook/{h32}", GITLEAKS),
    rule("discord-token", &["."], r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}\b", Random, "M{a24}.{a6}.{a30}", ISSUER),
    rule("telegram-token", &[":aa"], r"(?:\b|/bot)(\d{8,10}:AA[A-Za-z0-9_-]{32,34})\b", Form, "{d9}:AA{a33}", GITLEAKS),
    rule("stripe-key", &["k_live_", "k_test_", "k_prod_", "k_org_", "whsec_"], r"\b(?:[sr]k_(?:org_)?(?:live|test|prod)|whsec)_[A-Za-z0-9+/=]{10,}", Form, "sk_live_{a24}", GITLEAKS),
    rule("twilio-key", &["sk", "ac"], r"\bSK[0-9a-f]{32}\b", Form, "SK{h32}", GITLEAKS),
    rule("sendgrid-key", &["sg."], r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", Form, "SG.{a22}.{a43}", GITLEAKS),
    rule("brevo-key", &["xkeysib-"], r"\bxkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}", Form, "xkeysib-{h64}-{a16}", GITLEAKS),
    rule("resend-key", &["re_"], r"\bre_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}\b", Random, "re_{a8}_{a24}", PUBLISHED),
    rule("posthog-key", &["phx_"], r"\bphx_[A-Za-z0-9]{32,}", Random, "phx_{a43}", PUBLISHED),
    rule("dynatrace-token", &["dt0c01.", "dt0s"], r"(?i)\bdt0[a-z]\d\d\.[A-Z0-9]{8,24}\.[A-Z0-9]{64}", Form, "dt0c01.{U24}.{U64}", GITLEAKS),
    rule("mailgun-key", &["key-"], r"\bkey-[0-9a-f]{32}\b", Form, "key-{h32}", GITLEAKS),
    rule("mailchimp-key", &["-us"], r"\b[0-9a-f]{32}-us\d{1,2}\b", Form, "{h32}-us12", GITLEAKS),
    rule("vault-token", &["hvs.", "hvb.", "hvr."], r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}", Form, "hvs.{a90}", GITLEAKS),
    rule("terraform-token", &[".atlasv1."], r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40,}", Form, "{a14}.atlasv1.{a67}", GITLEAKS),
    rule("doppler-token", &["dp."], r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{30,}", Form, "dp.pt.{a43}", GITLEAKS),
    rule("notion-token", &["ntn_", "secret_"], r"\b(?:ntn|secret)_[A-Za-z0-9]{40,}\b", Random, "ntn_{a46}", GITLEAKS),
    rule("airtable-token", &["pat"], r"\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b", Form, "pat{a14}.{h64}", GITLEAKS),
    rule("linear-key", &["lin_"], r"\blin_(?:api|oauth)_[A-Za-z0-9]{30,}", Form, "lin_api_{a40}", GITLEAKS),
    rule("grafana-token", &["glc_", "glsa_"], r"\bgl(?:c|sa)_[A-Za-z0-9+/=_]{30,}", Form, "glsa_{a32}_{h8}", GITLEAKS),
    rule("sentry-token", &["sntrys_", "sntryu_"], r"\bsntry[su]_[A-Za-z0-9+/=_-]{30,}", Form, "sntryu_{h64}", GITLEAKS),
    rule("tailscale-key", &["tskey-"], r"\btskey-[a-z]+-[A-Za-z0-9-]{20,}", Form, "tskey-auth-{a12}-{a32}", ISSUER),
    rule("supabase-key", &["sbp_", "sb_secret_"], r"\b(?:sbp_[a-f0-9]{40}|sb_secret_[A-Za-z0-9_-]{20,})", Form, "sbp_{h40}", ISSUER),
    rule("planetscale-token", &["pscale_"], r"\bpscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{30,}", Form, "pscale_tkn_{a43}", GITLEAKS),
    rule("pulumi-token", &["pul-"], r"\bpul-[a-f0-9]{40}\b", Form, "pul-{h40}", GITLEAKS),
    rule("heroku-key", &["hrku-"], r"\bHRKU-[A-Za-z0-9_-]{36,}", Form, "HRKU-{a60}", GITLEAKS),
    rule("shopify-token", &["shp"], r"\bshp(?:at|ca|pa|ss)_[a-f0-9]{32}\b", Form, "shpat_{h32}", GITLEAKS),
    rule("square-token", &["sq0", "eaaa"], r"\b(?:sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}|EAAA[A-Za-z0-9_-]{50,})", Random, "sq0atp-{a22}", GITLEAKS),
    rule("postman-key", &["pmak-"], r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b", Form, "PMAK-{h24}-{h34}", GITLEAKS),
    rule("newrelic-key", &["nrak-", "nrjs-", "nraa-", "nrii-", "nriq-"], r"\bNR(?:AK|AA|JS|II|IQ)-[A-Za-z0-9_-]{19,}", Form, "NRAK-{U27}", GITLEAKS),
    rule("one-time-password", &["otpauth://"], r#"(?i)\botpauth://[^\s"'<>]{0,300}?[?&]secret=([A-Z2-7]{16,})"#, Form, "otpauth://totp/ACME:ada?secret={U32}&issuer=ACME", "Key Uri Format"),
    rule("webhook-url", &["open.feishu.cn", "open.larksuite.com"], r"\bopen\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/([0-9a-f-]{36})", Form, "https://open.feishu.cn/open-apis/bot/v2/hook/{h8}-{h4}-{h4}-{h4}-{h12}", ISSUER),
    rule("figma-token", &["figd_"], r"\bfigd_[A-Za-z0-9_-]{30,}", Form, "figd_{a40}", ISSUER),
    rule("1password-token", &["ops_eyj"], r"\bops_eyJ[A-Za-z0-9+/=_-]{60,}", Form, "ops_eyJ{b250}", GITLEAKS),
    rule("1password-token", &["a3-"], r"\bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}\b", Form, "A3-{U6}-{U11}-{U5}-{U5}-{U5}", GITLEAKS),

    // Others, alike.
    rule("adobe-secret", &["p8e-"], r"\bp8e-[A-Za-z0-9]{32}\b", Random, "p8e-{a32}", GITLEAKS),
    rule("authress-key", &[".acc-", ".acc_"], r"(?i)\b(?:sc|ext|scauth|authress)_[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[a-z0-9+/_=-]{30,120}", Form, "sc_{a12}.{a5}.acc-{a12}.{a40}", GITLEAKS),
    rule("aws-bedrock-key", &["bedrock-api-key-"], r"\bbedrock-api-key-[A-Za-z0-9+/]{40,}={0,2}", Form, "bedrock-api-key-{b128}", GITLEAKS),
    rule("clojars-token", &["clojars_"], r"\bCLOJARS_[A-Za-z0-9]{60}\b", Form, "CLOJARS_{a60}", GITLEAKS),
    rule("defined-networking-key", &["dnkey-"], r"\bdnkey-[A-Za-z0-9=_-]{26}-[A-Za-z0-9=_-]{52}\b", Form, "dnkey-{a26}-{a52}", GITLEAKS),
    rule("dropbox-token", &["sl."], r"\bsl\.[A-Za-z0-9_=-]{130,}", Form, "sl.{a140}", GITLEAKS),
    rule("easypost-key", &["ezak", "eztk"], r"\bEZ[AT]K[A-Za-z0-9]{54}\b", Form, "EZAK{a54}", GITLEAKS),
    rule("facebook-token", &["eaam", "eaac"], r"\bEAA[MC][A-Za-z0-9]{100,}", Random, "EAAM{a120}", GITLEAKS),
    rule("flutterwave-key", &["flwseck"], r"\bFLWSECK(?:_TEST)?-[A-Za-z0-9]{12,40}-X\b", Form, "FLWSECK_TEST-{h32}-X", GITLEAKS),
    rule("gitlab-token", &["_gitlab_session="], r"\b_gitlab_session=([0-9a-f]{32})\b", Form, "_gitlab_session={h32}", GITLEAKS),
    rule("grafana-token", &["eyjrijoi"], r"\beyJrIjoi[A-Za-z0-9+/]{60,}={0,3}", Form, "eyJrIjoi{b80}", GITLEAKS),
    rule("harness-token", &["pat.", "sat."], r"\b[ps]at\.[A-Za-z0-9_-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}\b", Form, "pat.{a22}.{h24}.{a20}", GITLEAKS),
    rule("infracost-key", &["ico-"], r"\bico-[A-Za-z0-9]{32}\b", Random, "ico-{a32}", GITLEAKS),
    rule("intra42-secret", &["s-s4t2"], r"\bs-s4t2(?:ud|af)-[0-9a-f]{64}\b", Form, "s-s4t2ud-{h64}", GITLEAKS),
    rule("maxmind-key", &["_mmk"], r"\b[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk\b", Form, "{a6}_{a29}_mmk", GITLEAKS),
    rule("octopus-key", &["api-"], r"\bAPI-[A-Z0-9]{26}\b", Form, "API-{U26}", GITLEAKS),
    rule("openshift-token", &["sha256~"], r"\bsha256~[A-Za-z0-9_-]{43}", Form, "sha256~{a43}", GITLEAKS),
    rule("readme-key", &["rdme_"], r"\brdme_[a-z0-9]{70}\b", Form, "rdme_{l70}", GITLEAKS),
    rule("scalingo-token", &["tk-us-"], r"\btk-us-[A-Za-z0-9_-]{48}", Form, "tk-us-{a48}", GITLEAKS),
    rule("settlemint-token", &["sm_pat_", "sm_aat_", "sm_sat_"], r"\bsm_[pas]at_[A-Za-z0-9]{16}\b", Random, "sm_pat_{a16}", GITLEAKS),
    rule("shippo-token", &["shippo_"], r"\bshippo_(?:live|test)_[a-f0-9]{40}\b", Form, "shippo_live_{h40}", GITLEAKS),
    rule("twitch-token", &["oauth:"], r"\boauth:([a-z0-9]{30})\b", Form, "oauth:{l30}", GITLEAKS),
    rule("webhook-url", &["hooks.zapier"], r"\bhooks\.zapier\.com/hooks/catch/(\d+/[A-Za-z0-9]{5,})", Form, "https://hooks.zapier.com/hooks/catch/{d7}/{l7}", ISSUER),
    rule("webhook-url", &["maker.ifttt"], r#"\bmaker\.ifttt\.com/[^\s"\']{1,200}?/key/([A-Za-z0-9_-]{20,})"#, Form, "https://maker.ifttt.com/trigger/done/with/key/{a43}", ISSUER),
    rule("webhook-url", &["sctapi.ftqq"], r"\bsctapi\.ftqq\.com/(SCT[A-Za-z0-9]{20,})", Form, "https://sctapi.ftqq.com/SCT{a28}.send", ISSUER),
    rule("google-api-key", &["aq.ab8"], r"\bAQ\.Ab8[A-Za-z0-9_-]{40,}", Form, "AQ.Ab8RN6{a44}", ISSUER),
    rule("google-oauth-token", &["4/0a"], r"\b4/0A[A-Za-z0-9_-]{60,}", Form, "4/0A{a70}", ISSUER),
    rule("firebase-key", &[":apa91b"], r"\bAAAA[A-Za-z0-9_-]{7}:APA91b[A-Za-z0-9_-]{130,}", Form, "AAAA{a7}:APA91b{a134}", ISSUER),
    rule("anyscale-key", &["esecret_"], r"\besecret_[a-z0-9]{20,}\b", Form, "esecret_{l28}", PUBLISHED),
    rule("baidu-key", &["bce-v3/altak-"], r"\bbce-v3/ALTAK-[A-Za-z0-9]{16,}/[0-9a-f]{40}\b", Form, "bce-v3/ALTAK-{a21}/{h40}", ISSUER),
    rule("firecrawl-key", &["fc-"], r"\bfc-[0-9a-f]{32}\b", Form, "fc-{h32}", ISSUER),
    rule("e2b-key", &["e2b_"], r"\be2b_[0-9a-f]{40}\b", Form, "e2b_{h40}", ISSUER),
    rule("apify-token", &["apify_api_"], r"\bapify_api_[A-Za-z0-9]{36}\b", Form, "apify_api_{a36}", ISSUER),
    rule("logfire-token", &["pylf_v"], r"\bpylf_v\d_[a-z]{2,10}_[A-Za-z0-9]{40,}", Form, "pylf_v1_us_{a43}", ISSUER),
    rule("friendli-token", &["flp_"], r"\bflp_[A-Za-z0-9]{40,}\b", Random, "flp_{a46}", PUBLISHED),
    rule("vercel-token", &["vca_", "vci_", "vck_", "vcp_", "vcr_", "vercel_blob_rw_"], r"\b(?:vc[aikpr]_[A-Za-z0-9]{50,}|vercel_blob_rw_[A-Za-z0-9_]{40,})", Form, "vck_{a56}", ISSUER),
    rule("neon-key", &["napi_"], r"\bnapi_[a-z0-9]{60,}\b", Form, "napi_{l64}", ISSUER),
    rule("openpipe-key", &["opk_"], r"\bopk_[0-9a-f]{40}\b", Form, "opk_{h40}", PUBLISHED),
    rule("langsmith-key", &["ls__"], r"\bls__[0-9a-f]{32}\b", Form, "ls__{h32}", PUBLISHED),
    rule("mem0-key", &["m0-"], r"\bm0-[A-Za-z0-9]{40}\b", Random, "m0-{a40}", PUBLISHED),
    rule("nomic-key", &["nk-"], r"\bnk-[A-Za-z0-9_-]{43}\b", Random, "nk-{a43}", PUBLISHED),
    rule("mixedbread-key", &["mxb_"], r"\bmxb_[A-Za-z0-9]{40}\b", Random, "mxb_{a40}", PUBLISHED),
    rule("cartesia-key", &["sk_car_"], r"\bsk_car_[A-Za-z0-9]{20,}\b", Random, "sk_car_{a22}", PUBLISHED),
    rule("voyage-key", &["al-"], r"\bal-[A-Za-z0-9_-]{43}\b", Random, "al-{a43}", ISSUER),
    rule("helicone-key", &["sk-helicone-"], r"\bsk-helicone-[a-zA-Z0-9-]{28,}", Form, "sk-helicone-{a7}-{a7}-{a7}-{a7}", PUBLISHED),
    rule("open-vsx-token", &["ovsxat_"], r"\bovsxat_[0-9a-f-]{36}\b", Form, "ovsxat_{h8}-{h4}-{h4}-{h4}-{h12}", ISSUER),
    rule("nuget-key", &["oy2"], r"\boy2[a-z0-9]{43}\b", Random, "oy2{l43}", GITLEAKS),
    rule("axiom-token", &["xaat-", "xapt-"], r"\bxa[ap]t-[0-9a-f-]{36}\b", Form, "xaat-{h8}-{h4}-{h4}-{h4}-{h12}", ISSUER),
    rule("honeycomb-key", &["hcaik_", "hcalk_", "hcaic_"], r"\bhca[il][kc]_[a-z0-9]{50,}\b", Form, "hcaik_{l58}", ISSUER),
    rule("trello-token", &["atta"], r"\bATTA[0-9a-f]{64}", Form, "ATTA{h64}", ISSUER),
    rule("clickup-token", &["pk_"], r"\bpk_\d{6,12}_[A-Z0-9]{32}\b", Form, "pk_{d8}_{U32}", ISSUER),
    rule("razorpay-key", &["rzp_"], r"\brzp_(?:live|test)_[A-Za-z0-9]{14,}\b", Form, "rzp_live_{a14}", ISSUER),
    rule("plaid-token", &["access-production-", "access-sandbox-", "access-development-"], r"\baccess-(?:production|sandbox|development)-[0-9a-f-]{36}\b", Form, "access-production-{h8}-{h4}-{h4}-{h4}-{h12}", GITLEAKS),
    rule("cursor-key", &["key_"], r"\bkey_[0-9a-f]{64}\b", Form, "key_{h64}", PUBLISHED),
    rule("upstash-token", &["eyjvc2vysuqioi"], r"\beyJVc2VySUQiOi[A-Za-z0-9+/]{40,}={0,2}", Form, "eyJVc2VySUQiOi{b100}", ISSUER),
    rule("cloudflare-token", &["eyjhijoi"], r"\beyJhIjoi[A-Za-z0-9+/]{100,}={0,2}", Form, "eyJhIjoi{b150}", ISSUER),
    rule("cloudflare-token", &["v1.0-"], r"\bv1\.0-[0-9a-f]{24}-[0-9a-f]{100,}", Form, "v1.0-{h24}-{h146}", GITLEAKS),
    rule("lambda-key", &["secret_"], r"\bsecret_[A-Za-z0-9]{4,32}_[0-9a-f]{32}\.[A-Za-z0-9]{32}\b", Form, "secret_{a10}_{h32}.{a32}", ISSUER),
    rule("hugging-face-token", &["hf_jwt_"], r"\bhf_jwt_[A-Za-z0-9._-]{40,}", Random, "hf_jwt_{a200}", PUBLISHED),

    // Forms that many use.
    rule("json-web-token", &["eyj"], r"(?:\b|_)(eyJ[A-Za-z0-9_-]{8,}\.(?:eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*|[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}))", Form, "eyJ{a33}.eyJ{a60}.{a43}", "RFC 7519"),
    rule("url-login", &["://"], r#"(?i)\b[a-z][a-z0-9+.\-]{1,30}:(?:\\?/){2}([^\s/"'<>\\]{0,256}(?::|%3a)[^\s/"<>\\]{0,512})@[^\s"'<>]"#, Value, "postgresql://ada:{a12}@db.example.org/runs", "RFC 3986, 3.2.1"),
    // A password with a slash in it: only where a host follows the last `@`.
    rule("url-login", &["://"], r#"(?i)\b(?:postgres(?:ql)?|mysql|mariadb|mssql|oracle|mongodb(?:\+srv)?|rediss?|amqps?|ftps?|sftp|https?|smtps?|ldaps?)(?:\+\w+)?://([^\s/"'<>@:?#]{0,256}:[^\s"'<>@?#]{1,256})@[a-z0-9.\-\[\]:]{1,255}(?::\d+)?(?:[/?#\s"'<>,;)]|$)"#, Value, "redis://:{a8}/{a8}@cache:6379/0", "RFC 3986, 3.2.1"),
    rule("url-login", &["://"], r#"(?i)\bhttps?://([A-Za-z0-9_\-]{20,256})@[^\s"'<>]"#, Random, "https://{a40}@git.example.org/a/b", "RFC 3986, 3.2.1"),
    rule("url-login", &["//"], r#"(?:^|[\s"'(=,<>\[])//([^\s/"'<>@:]{1,64}:[^\s/"'<>@]{1,256})@[A-Za-z0-9\[]"#, Value, "//ada:{a12}@db.example.org/runs", "RFC 3986, 4.2"),
    rule("url-login", &["@"], r#"(?i)(?:^|[^a-z0-9._%+\-@])([a-z0-9._%+\-]{1,64}:[^\s/"'<>@:,;(){}]{4,256})@(?:[a-z0-9][a-z0-9._\-]{0,253}|\[[0-9a-f:.]{2,45}\])(?::\d{2,5}\b|[^a-z0-9._\-:@]|$)"#, Login, "ada:{a14}@db.example.org:5432/runs", "RFC 3986, 3.2.1"),
    rule("url-login", &[":152"], r#"(?i)(?:^|[\s"'(=,])([a-z][\w$#]{0,29}/[^\s/"'<>@:]{4,128})@(?://)?[a-z0-9][a-z0-9.\-]{0,253}:152\d\b"#, Value, "sqlplus scott/{a12}@db.example.org:1521/runs", "SQL*Plus, CONNECT"),
    rule("url-login", &["jdbc:oracle:"], r"(?i)jdbc:oracle:\w+:([^\s/@]+/[^\s@]+)@", Value, "jdbc:oracle:thin:scott/{a12}@db:1521/x", "Oracle JDBC"),
    rule("signed-url", &["signature=", "sig=", "credential=", "security-token=", "x-goog", "x-amz"], r#"(?i)[?&;](?:x-(?:amz|goog|oss|cos|tos|obs)-(?:signature|security-token)|oauth_signature|(?:url)?signature|sig|q-signature|hdnts|hmac)=([^&\s"'<>#\\]{6,})"#, Value, "https://b.s3.amazonaws.com/x?X-Amz-Expires=3600&X-Amz-Signature={h64}", ISSUER),
    rule("signed-url", &["token=", "key=", "code=", "auth=", "jwt=", "jsessionid=", "sign="], r#"(?i)[?&;](?:[a-z0-9_\-]*(?:sign|token|api[_\-]?key|apikey|access[_\-]?key|subscription-key|authkey|auth|jwt|code|key|jsessionid))=([^&\s"'<>#\\]{12,})"#, Random, "https://example.org/x?access_token={a32}", "RFC 6750, 2.3"),
    rule("bearer-token", &["bearer"], r"(?i)\bbearer[\s:]{1,4}([A-Za-z0-9._~+/\-|:#^%=]{16,})", Random, "Authorization: Bearer {a40}", "RFC 6750"),
    rule("basic-login", &["basic "], r"(?i)\bbasic\s{1,4}([A-Za-z0-9+/]{6,}={0,2})", Basic, "Authorization: Basic YWRhOmx{b20}", "RFC 7617"),
    rule("basic-login", &["auth"], r#"(?i)["']?_?auth["']?\s*[:=]\s*["']?([A-Za-z0-9+/]{6,}={0,2})"#, Basic, r#"{"auths": {"r.example.org": {"auth": "YWRhOmx{b20}"}}}"#, "Docker's config.json"),
    rule("authorization", &["authorization"], r#"(?i)\bauthorization["'\\]*\s{0,4}[:=,]\s{0,4}["'\\]*(?:[a-z][a-z0-9_\-]{1,24}[ \t]{1,4})?(?:token=)?["']?(?:[\w.\-]{1,64}:)?([A-Za-z0-9._~+/\-|:#^%]{16,}=*)"#, Random, "curl -H 'Authorization: Token {h40}'", "RFC 9110, 11.6.2"),
    // Of a scheme with parameters, all of them.
    rule("authorization", &["authorization"], r#"(?i)\bauthorization["'\\]*\s{0,4}[:=,]\s{0,4}["'\\]*[a-z][a-z0-9_\-]{1,24}[ \t]{1,4}((?:[a-z][\w.\-]*=(?:"[^"\r\n]*"|[^\s,"'<>]+)[ \t]*,?[ \t]*)+)"#, Random, r#"Authorization: Digest username="ada", response="{h32}""#, "RFC 9110, 11.4"),
    rule("cookie", &["cookie:"], r#"(?i)\b(?:set-)?cookie:\s*([^\s=;,"']{1,256}=(?:"[^"\r\n]*"|[^\r\n"'])+)"#, Value, "Cookie: session={a32}; path=/", "RFC 6265"),
    rule("netrc-login", &["password"], r"(?i)\b(?:machine\s+\S+|default)(?:\s+(?:login|account)\s+\S+){1,2}\s+password\s+(\S+)", Value, "machine api.example.org\n  login user\n  password {h40}", "ftp(1)"),
    rule("netrc-login", &["password"], r"(?i)\b(?:machine\s+\S+)\s+password\s+(\S+)", Value, "machine api.example.org password {h40}", "ftp(1)"),
    rule("password-hash", &["$"], r"\$(?:1|2[abxy]|5|6|7|y|apr1|argon2(?:id?|d)|scrypt|pbkdf2[\w-]*)\$[./A-Za-z0-9$=,+-]{20,}", Form, "$6$rounds=5000${a16}${a86}", "crypt(5)"),
    rule("password", &["pgpass", ":5432:", ":*:"], r#"(?:^|[\s"'])[A-Za-z*][\w.\-]{0,255}:(?:\d{2,5}|\*):[^\s:"']{1,64}:[^\s:"']{1,64}:([^\s"'<>]{4,256})"#, Random, "db.example.com:5432:runs:ada:{a20}", "libpq, The Password File"),
    // Behind the port of PostgreSQL, any password: `file.py:12:INFO:root:done` is a line of a log.
    rule("password", &[":5432:", ":5433:", ":6432:", ":*:"], r#"(?:^|[\s"'])[\w*][\w.\-]{0,255}:(?:543[23]|6432|\*):[^\s:"']{1,64}:[^\s:"']{1,64}:([^\s"'<>]{4,256})"#, Value, "db.example.com:5432:runs:ada:zebra-{w5}-moon", "libpq, The Password File"),
    rule("kaggle-key", &["username"], r#"["']username["'][ \t]*:[ \t]*["'][^"'\r\n]{1,64}["']\s*,\s*["']key["'][ \t]*:[ \t]*["']([A-Za-z0-9]{20,64})["']"#, Random, r#"{"username": "ada", "key": "{h32}"}"#, "Kaggle API, kaggle.json"),
    rule("kaggle-key", &["username"], r#"["']key["'][ \t]*:[ \t]*["']([A-Za-z0-9]{20,64})["']\s*,\s*["']username["']"#, Random, r#"{"key": "{h32}", "username": "ada"}"#, "Kaggle API, kaggle.json"),
    // Calls and sentences whose password has no name of its own.
    rule("password", &["auth"], r#"(?i)\b(?:(?:\w{0,20}auth|userpwd|credentials)[ \t]*[=:][ \t]*[(\[]|\w{0,20}Auth\()\s*[brfu]?["'][^"'\r\n]{1,128}["'],\s*[brfu]?["']([^"'\r\n{}]{4,256})["']\s*[,)\]]"#, Value, "requests.get(u, auth=('ada', '{a12}'))", "requests, Authentication"),
    rule("token", &["key", "token", "secret", "passw", "pass"], r#"(?i)\b(?:api[ _\-]?key|token|secret|passwort?d?|mot de passe)(?:[ \t]+(?:is|ist|was|provided|used|for token|est|=)){0,2}[ \t]*:?[ \t]+["'`]?([A-Za-z0-9+/_\-]{20,256}={0,2})(?:[\s"'`.,;)]|$)"#, Random, "Incorrect API key provided: {a32}", "sentences of programs"),
    rule("password", &["type="], r#"(?i)\btype=["']password["'][^<>]{0,300}?\svalue=["']([^"'<>]{4,256})["']"#, Value, "<input type='password' value='{a12}'>", "HTML, 4.10.5"),
    // Where all below a name is secret, any name may follow: `+secrets.wandb=…` on a command line.
    rule("secret-setting", &["secrets.", "secrets/", "credentials.", "credentials/", "creds.", "passwords."], r#"(?i)(?:^|[\s"'`+;&|(\[{,])(?:[\w\-]+[./])*(?:secrets|credentials|creds|passwords)[./][A-Za-z][\w./\-]{0,64}["']?[ \t]*[=:][ \t]*["']?([^\s"'`,;<>(){}\[\]$]{8,256})"#, Random, "python train.py +secrets.wandb={h40}", "Hydra, Basic Override syntax"),
    // Words that are a key, with blanks between them.
    rule("password", &["mnemonic", "phrase"], r#"(?i)\b(?:mnemonic|(?:seed|recovery|backup)[_ \-]?phrase)["']?[ \t]*[:=][ \t]*["']?((?:[a-z]{3,8}[ \t]){11,23}[a-z]{3,8})\b"#, Value, "mnemonic: legal winner thank year wave sausage worth useful legal {w8} thank yellow", "BIP 39"),
    // Commands whose password has no name.
    rule("password", &["login", "auth"], r#"\becho[ \t]+(?:-n[ \t]+)?["']?([^\s"'$|]{6,256})["']?[ \t]*\|[ \t]*(?:sudo[ \t]+)?(?:docker|podman|helm|gh|glab|skopeo|oras|nerdctl|buildah|az|hf|huggingface-cli|wandb)\s[^\r\n]{0,100}?(?:login|auth)\b"#, Value, "echo {a16} | docker login -u ada --password-stdin", "docker-login(1)"),
    rule("password", &["vault", "ngrok"], r#"\b(?:vault[ \t]+login|ngrok[ \t][^\r\n]{0,60}?authtoken)[ \t]+["']?([A-Za-z0-9._\-]{16,256})"#, Random, "vault login {a24}", "commands of Vault and ngrok"),
    rule("password", &["unzip", "7z"], r#"\b(?:unzip\b[^\r\n]{0,200}?\s-P[ \t]{1,4}|7z[az]?\b[^\r\n]{0,200}?\s-p)["']?([^\s"'\-][^\s"']{3,255})"#, Value, "unzip -P {a12} data.zip", "unzip(1)"),
    rule("password", &["curl", "wget", "http"], r#"(?i)\b(?:curl|http|https|wget)\b[^\r\n]{0,400}?\s(?:-[a-zA-Z]{0,8}u[ \t]{0,4}|(?:--user|--proxy-user|-a|--auth)[\s=]{1,4})["']?[^\s:"'=/\-][^\s:"'/]{0,127}:([^\s"']{1,256})"#, Value, "curl -u ada:{a12} https://example.org", "curl(1)"),
    rule("password", &["password '", "password= '", "password = '", "password n'", "password = n'", "password('", "identified"], r"(?i)\b(?:password|identified(?:[ \t]+with[ \t]+\S{1,64})?[ \t]+(?:by|as)(?:[ \t]+password)?)[ \t]*=?[ \t]*(?:password\()?N?'((?:[^'\r\n]|''){1,256})'", Value, "CREATE USER ada WITH PASSWORD '{a12}';", "PostgreSQL, CREATE ROLE"),
    rule("password", &["identified"], r#"(?i)\b(?:user|role)[ \t]+\S{1,128}[ \t]+identified(?:[ \t]+with[ \t]+\S{1,64})?[ \t]+by[ \t]+"([^"\r\n]{1,256})""#, Value, "CREATE USER ada IDENTIFIED BY \"{a12}\";", "Oracle, CREATE USER"),
    rule("password", &["sshpass"], r#"\bsshpass\b[^\r\n]{0,100}?\s-p\s{0,4}["']?([^\s"']{1,256})"#, Value, "sshpass -p {a12} ssh host", "sshpass(1)"),
    rule("password", &["mysql", "mariadb"], r#"\b(?:mysql\w*|mariadb\w*)\b[^\r\n]{0,400}?\s-p["']?([^\s"'\-=][^\s"']{0,255})"#, Value, "mysql -u ada -p{a12} runs", "mysql(1)"),
    rule("password", &["docker", "podman", "helm", "az ", "skopeo", "oc ", "redis-cli"], r#"\b(?:(?:docker|podman|helm|buildah|skopeo|az|oc|nerdctl)\s[^\r\n]{0,200}?login\b[^\r\n]{0,200}?\s-p|redis-cli\b[^\r\n]{0,200}?\s-a)[\s=]{1,4}["']?([^\s"']{1,256})"#, Value, "docker login -u ada -p {a12} r.example.org", "docker-login(1)"),
];

//! The file of a statement: a Sigstore bundle v0.3 around a DSSE envelope with one signature.

use expbundle_format::json;
use expbundle_format::limits::Limits;
use expbundle_format::{Blake3, StatementId};
use serde::{Deserialize, Serialize};

use crate::base64;
use crate::error::StatementError;
#[cfg(feature = "private-keys")]
use crate::signing_key::SigningKey;
use crate::statement::{Claims, Statement, VerifiedStatement};

/// Media type of the file.
pub const SIGSTORE_BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// Type of the payload, in this very spelling.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// An envelope that was taken apart and not verified.
#[derive(Clone, Debug)]
pub struct Envelope {
    payload: Vec<u8>,
    /// As long as the algorithm of the key asks for, which is known when the payload was read.
    signature: Vec<u8>,
    keyid: Option<String>,
    file: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    media_type: String,
    #[serde(default)]
    verification_material: Option<VerificationMaterial>,
    dsse_envelope: Dsse,
}

/// The members of a Sigstore bundle v0.3. Version 1.0 takes the key out of the payload, so nothing
/// here is looked at; what is there has its type, so that a later version can rely on it.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerificationMaterial {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<PublicKeyHint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<Opaque>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x509_certificate_chain: Option<Opaque>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tlog_entries: Option<Vec<Opaque>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp_verification_data: Option<Opaque>,
}

impl VerificationMaterial {
    /// How many kinds of key material there are. Two could name two signers.
    fn kinds_of_key(&self) -> usize {
        let kinds = [self.public_key.is_some(), self.certificate.is_some(), self.x509_certificate_chain.is_some()];
        kinds.into_iter().filter(|is_there| *is_there).count()
    }
}

#[derive(Serialize, Deserialize)]
struct PublicKeyHint {
    #[serde(default)]
    hint: Option<String>,
}

/// An object whose members are not looked at.
#[derive(Serialize, Deserialize)]
struct Opaque {}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dsse {
    payload: String,
    payload_type: String,
    signatures: Vec<DsseSignature>,
}

#[derive(Serialize, Deserialize)]
struct DsseSignature {
    sig: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
}

/// What is signed: DSSE's encoding of type and payload, in which neither can pass for part of the
/// other.
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend(payload);
    bytes
}

impl Envelope {
    /// Takes a file apart. Nothing in it is believed yet.
    pub fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        let file: File = json::from_bytes(bytes, &Limits::default())?;
        if file.media_type != SIGSTORE_BUNDLE {
            return Err(StatementError::Envelope { found: file.media_type.chars().take(120).collect() });
        }
        let kinds_of_key = file.verification_material.as_ref().map_or(0, VerificationMaterial::kinds_of_key);
        if kinds_of_key > 1 {
            return Err(StatementError::KeyMaterial { count: kinds_of_key });
        }
        let envelope = file.dsse_envelope;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(StatementError::PayloadType { found: envelope.payload_type.chars().take(120).collect() });
        }
        let [signature] = envelope.signatures.as_slice() else {
            return Err(StatementError::SignatureCount { count: envelope.signatures.len() });
        };
        let payload = base64::decode(&envelope.payload).ok_or(StatementError::Base64 { what: "payload" })?;
        let bytes_of_signature = base64::decode(&signature.sig).ok_or(StatementError::Base64 { what: "signature" })?;
        let keyid = signature.keyid.clone().filter(|keyid| !keyid.is_empty());
        Ok(Self { payload, signature: bytes_of_signature, keyid, file: bytes.to_vec() })
    }

    /// Its id: the BLAKE3 of its payload.
    pub fn id(&self) -> StatementId {
        StatementId(Blake3::of(&self.payload))
    }

    /// Whom and what it claims to be about. Nothing was checked: it serves to choose which
    /// statements to verify.
    pub fn claims(&self) -> Result<Claims, StatementError> {
        Claims::read(&self.payload)
    }

    /// Reads the statement and checks the signature by the key that stands in it. One that needs a
    /// later version is [set aside](StatementError::SetAside).
    ///
    /// `keyid` is outside of what is signed, so it chooses nothing; but one in the form of a
    /// fingerprint that names another key is a lie and refused. Other tools have other forms of it,
    /// which say nothing here.
    pub fn verify(self) -> Result<VerifiedStatement, StatementError> {
        let statement = Statement::parse(self.payload)?;
        let signer = statement.identity();
        let signature = signer.signature(&self.signature)?;
        let lies = |keyid: &String| keyid.starts_with("SHA256:") && *keyid != signer.to_string();
        if let Some(keyid) = self.keyid.filter(lies) {
            return Err(StatementError::KeyId { keyid, fingerprint: signer.to_string() });
        }
        if !signature.holds(&pre_authentication_encoding(PAYLOAD_TYPE, statement.payload())) {
            return Err(StatementError::Invalid);
        }
        Ok(VerifiedStatement::new(statement, &self.file))
    }

    /// Signs a payload; the result is the file.
    #[cfg(feature = "private-keys")]
    pub(crate) fn sign(payload: &[u8], key: &SigningKey) -> Result<Vec<u8>, StatementError> {
        let signature = key.sign(&pre_authentication_encoding(PAYLOAD_TYPE, payload))?;
        let fingerprint = key.public_key().fingerprint();
        let file = File {
            media_type: SIGSTORE_BUNDLE.to_owned(),
            verification_material: Some(VerificationMaterial {
                public_key: Some(PublicKeyHint { hint: Some(fingerprint.clone()) }),
                ..VerificationMaterial::default()
            }),
            dsse_envelope: Dsse {
                payload: base64::encode(payload),
                payload_type: PAYLOAD_TYPE.to_owned(),
                signatures: vec![DsseSignature { sig: base64::encode(&signature), keyid: Some(fingerprint) }],
            },
        };
        let file = json::to_bytes(&file)?;
        let (bytes, limit) = (file.len() as u64, Limits::default().statement_bytes);
        if bytes > limit {
            return Err(StatementError::TooLarge { bytes, limit });
        }
        Ok(file)
    }
}

//! Names and values, secret and not.

use super::*;

#[test]
fn names_are_told_apart() {
    for name in [
        "password",
        "DB_PASSWORD",
        "dbPassword",
        "smtp_pass",
        "PGPASSWORD",
        "user.passwd",
        "pwd",
        "password1",
        "password_b64",
    ] {
        assert_eq!(class_of(name), Some(Class::Password), "{name}");
    }
    for name in [
        "api_key",
        "apiKey",
        "APIKey",
        "X-Api-Key",
        "OPENAI_API_KEY",
        "WANDB_API_KEY",
        "hf_token",
        "HF_TOKEN",
        "clientSecret",
        "secret",
        "aws_secret_access_key",
        "accessToken",
        "private_key",
        "AccountKey",
        "_authToken",
        "github-token",
        "access_key",
        "myapikey",
        "credentials",
        "config.wandb.api_key.value",
        "MLFLOW_TRACKING_TOKEN",
    ] {
        assert_eq!(class_of(name), Some(Class::Secret), "{name}");
    }
    for name in [
        "max_tokens",
        "tokenizer",
        "token_type_ids",
        "num_tokens",
        "tokens",
        "n_tokens_per_second",
        "key",
        "num_key_value_heads",
        "primary_key",
        "secret_santa",
        "secretary",
        "author",
        "forward_pass",
        "passes",
        "passenger",
        "keyboard",
        "monkey",
        "tokenizer_name",
        "use_auth_token_file",
        "password_file",
        "secret_name",
        "api_key_env",
        "add_special_tokens",
        "authors",
        "metric_key",
        "public_key",
        "token_count",
        "keys",
        "bypass_count",
        "attention_key",
        "credit",
    ] {
        assert_eq!(class_of(name), None, "{name}");
    }
    for name in ["pad_token", "eos_token", "token", "mask_token"] {
        assert_eq!(class_of(name), Some(Class::Token), "{name}");
    }
}

#[test]
fn values_are_told_apart() {
    let whole = |class, value: &str| is_secret(class, value, Setting::Whole);
    for value in [
        "<pad>",
        "[MASK]",
        "<|endoftext|>",
        "</s>",
        "▁the",
        "meta-llama/Llama-2-7b-hf",
        "cls",
        "0",
        "None",
        "special_token_with_a_long_name",
    ] {
        assert!(!whole(Class::Token, value), "{value}");
    }
    for value in [
        "",
        "None",
        "***",
        "${DB_PASSWORD}",
        "$DB_PASSWORD",
        "<password>",
        "xxxxxxxx",
        "your_password",
        "{{ password }}",
        "true",
        "[secret removed: password]",
    ] {
        assert!(!whole(Class::Password, value), "{value}");
    }
    for value in ["hunter2", "correct horse battery staple", "12345", "p@ss/word", "$ecret!", "pässwört"] {
        assert!(whole(Class::Password, value), "{value}");
    }
    assert!(!whole(Class::Secret, "~/.ssh/id_ed25519") && !whole(Class::Secret, "certs/client.key"));
}

#[test]
fn random_texts_are_told_from_words() {
    let random = ["a8F3kQ9zLm2Xv7Tb", "3f2a9c81d0b7e64412ab", "QkzRtYbNmXcVwSdFgHjKaLpOiUyTrEwQ"];
    assert!(
        !is_random("sentence-transformers/all-MiniLM-L6-v2")
            && !is_random("learning-rate-schedule-cosine-2024")
            && !is_random("abcdefghijkl")
    );
    assert!(random.into_iter().take(2).all(is_random));
}

//! One call with the generated client: makes a user and prints its id.

use std::env;
use std::error::Error;

// Linked so that all three clients are compiled.
use trilby_decision_client as _;
use trilby_identity_client::apis::configuration::Configuration;
use trilby_identity_client::apis::users_api::{create_user, CreateUserParams};
use trilby_identity_client::models::NewUser;
use trilby_token_client as _;

fn main() -> Result<(), Box<dyn Error>> {
    let configuration = Configuration {
        base_path: env::var("TRILBY_TEST_URL")?,
        bearer_access_token: Some(env::var("TRILBY_TEST_TOKEN")?),
        ..Configuration::default()
    };
    let params = CreateUserParams {
        account: env::var("TRILBY_TEST_ACCOUNT")?,
        new_user: NewUser::new(env::var("TRILBY_TEST_USER")?),
        trilby_min_seq: None,
        idempotency_key: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let user = runtime.block_on(create_user(&configuration, params))?;
    println!("{}", user.id);
    Ok(())
}

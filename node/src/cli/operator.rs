//! `wangge operator`: a further operator, made at the machine itself. The second one of a node is
//! made so where policy has two people grant the office: until then nobody could confirm.

use std::process::ExitCode;

use super::account;
use super::args::OperatorArgs;
use super::failure::Failure;
use crate::config::Config;
use crate::folder::Folder;
use crate::node::StartError;
use crate::offline::Offline;

pub(super) fn operator(config: &Config, args: &OperatorArgs) -> Result<ExitCode, Failure> {
    let policy = config.policy.load().map_err(StartError::from)?;
    let (operator, made) = account::operator(args)?;
    if let Some(operator) = &operator {
        operator.check(&policy)?;
    }
    let mut offline = Offline::open(config)?;
    account::settle(operator, made, &mut offline, &Folder::new(&config.data))?;
    Ok(ExitCode::SUCCESS)
}

//! Terraform and `OpenTofu`: the providers that a configuration was locked to.

pub(super) mod terraform_lock;

#[cfg(test)]
mod tests;

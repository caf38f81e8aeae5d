use super::terraform_lock::PARSER;
use crate::ecosystem::fixture::{Tree, report, said};
use crate::ecosystem::syntax::probe::{check_cuts, check_garbage, packages};

const NAME: &str = ".terraform.lock.hcl";

#[test]
fn fixtures() {
    insta::assert_snapshot!("providers", report("terraform-lock/providers", NAME));
    insta::assert_snapshot!("bare", report("terraform-lock/bare", NAME));
}

#[test]
fn mistakes_are_said_and_cost_only_themselves() {
    let text = concat!(
        "module \"x\" {\n  a = { b = \"c\" }\n}\n",
        "provider \"host.example/acme/none\" {\n}\n",
        "provider \"host.example/acme/tool\" {\n  version = \"1.2.0\"\n",
    );
    let parsed = Tree::of(&[(NAME, text)]).parse(NAME);
    assert_eq!(packages(&parsed), ["host.example/acme/tool@1.2.0 registry(host.example) unknown [] 7:14"]);
    assert_eq!(
        said(&parsed),
        [
            "Error 1: a `provider` block is expected here; what stands here was not read",
            "Error 4: this provider has no address or no version; it was left out. Run `terraform init`",
            "Error 6: the file breaks off in this block; run `terraform init` to write it anew",
        ]
    );
}

#[test]
fn hostile_input_is_survived() {
    let tree = Tree::fixture("terraform-lock/providers");
    let text = String::from_utf8(tree.bytes(NAME).to_vec()).unwrap();
    check_cuts(
        &PARSER,
        NAME,
        &text,
        &[
            ("registry.terraform.io/hashicorp/aws@5.31.0", "5.31.0\""),
            ("registry.opentofu.org/hashicorp/random@3.6.0", "3.6.0\""),
        ],
    );
    check_garbage(&PARSER, NAME, &text);
}

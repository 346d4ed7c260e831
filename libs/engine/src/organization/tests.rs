use super::*;

fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

const MANAGEMENT: &str = "000000000001";
const MEMBER: &str = "111111111111";

fn tree() -> OrganizationBuilder {
    let mut builder =
        OrganizationBuilder::new("o-4k7m2xq9ab".parse().unwrap(), account(MANAGEMENT));
    builder
        .scp_on(true)
        .rcp_on(true)
        .place(MANAGEMENT, "r-x3f9")
        .place("ou-7dk20aqz", "r-x3f9")
        .place(MEMBER, "ou-7dk20aqz");
    builder
}

fn names(chain: Option<Vec<Level>>) -> Vec<String> {
    chain
        .unwrap()
        .iter()
        .map(|level| level.name.to_string())
        .collect()
}

#[test]
fn a_chain_goes_from_the_root_to_the_account() {
    let organization = tree().build();
    assert_eq!(
        names(organization.scp_chain(account(MEMBER)).unwrap()),
        ["r-x3f9", "ou-7dk20aqz", MEMBER]
    );
    assert_eq!(
        names(organization.rcp_chain(account(MEMBER)).unwrap()),
        ["r-x3f9", "ou-7dk20aqz", MEMBER]
    );
    assert_eq!(
        organization.position(account(MEMBER)).unwrap().path,
        "o-4k7m2xq9ab/r-x3f9/ou-7dk20aqz/"
    );
}

#[test]
fn control_policies_do_not_bind_the_management_account() {
    let organization = tree().build();
    assert!(
        organization
            .scp_chain(account(MANAGEMENT))
            .unwrap()
            .is_none()
    );
    assert!(
        organization
            .rcp_chain(account(MANAGEMENT))
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_kind_that_is_switched_off_binds_nobody() {
    let mut builder = tree();
    builder.scp_on(false);
    let organization = builder.build();
    assert!(organization.scp_chain(account(MEMBER)).unwrap().is_none());
    assert!(organization.rcp_chain(account(MEMBER)).unwrap().is_some());
}

#[test]
fn an_account_without_a_place_is_a_fault() {
    let organization = tree().build();
    assert!(matches!(
        organization.scp_chain(account("999999999999")),
        Err(Error::NoPlace { .. })
    ));
}

#[test]
fn a_tree_that_bites_its_tail_is_a_fault() {
    let mut builder = tree();
    builder.place("r-x3f9", "ou-7dk20aqz");
    assert!(matches!(
        builder.build().position(account(MEMBER)),
        Err(Error::NoPlace { .. })
    ));
}

#[test]
fn five_units_below_the_root_are_the_most() {
    let mut builder = tree();
    for depth in 1..5 {
        builder.place(
            &format!("ou-deep{depth}"),
            &if depth == 1 {
                "ou-7dk20aqz".to_owned()
            } else {
                format!("ou-deep{}", depth - 1)
            },
        );
    }
    builder.place("222222222222", "ou-deep4");
    assert_eq!(
        names(
            builder
                .clone()
                .build()
                .scp_chain(account("222222222222"))
                .unwrap()
        )
        .len(),
        LEVELS_MAX
    );
    builder
        .place("ou-deep5", "ou-deep4")
        .place("333333333333", "ou-deep5");
    assert!(builder.build().scp_chain(account("333333333333")).is_err());
}

#[test]
fn quarantine_is_of_an_account_or_of_one_principal() {
    let mut builder = tree();
    builder
        .quarantine(account(MEMBER))
        .quarantine_principal("TUSR0123456789ABCDEFG");
    let organization = builder.build();
    assert!(organization.is_quarantined(account(MEMBER), None));
    assert!(organization.is_quarantined(account(MANAGEMENT), Some("TUSR0123456789ABCDEFG")));
    assert!(!organization.is_quarantined(account(MANAGEMENT), Some("TUSR0000000000000000A")));
}

use super::*;
use crate::pepper::{Pepper, PepperVersion};

fn pepper(version: u16) -> Pepper {
    Pepper::new(PepperVersion::new(version).unwrap(), [version as u8; 32])
}

#[test]
fn every_kind_round_trips_and_is_no_other_kind() {
    for kind in TicketKind::ALL {
        let ticket = Ticket::generate(kind, &mut Entropy::new([4; 32]));
        assert_eq!(ticket.expose().len(), 4 + 43);
        for other in TicketKind::ALL {
            assert_eq!(Ticket::parse(other, ticket.expose()).is_ok(), other == kind);
        }
    }
}

#[test]
fn prefixes_extensions_and_flipped_bits_of_each_kind_are_refused() {
    let peppers = Peppers::single(pepper(1));
    for kind in TicketKind::ALL {
        let ticket = Ticket::generate(kind, &mut Entropy::new([5; 32]));
        let stored = ticket.mac(&peppers);
        let text = ticket.expose();
        assert!(ticket.matches(Some(&stored), &peppers));
        for cut in 0..text.len() {
            assert_eq!(Ticket::parse(kind, &text[..cut]).unwrap_err(), NotATicket);
        }
        assert!(Ticket::parse(kind, &format!("{text}0")).is_err());
        assert!(Ticket::parse(kind, &format!("{text}\n")).is_err());
        for at in 0..text.len() {
            for bit in 0..7 {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                let Ok(flipped) = String::from_utf8(bytes) else {
                    continue;
                };
                if let Ok(other) = Ticket::parse(kind, &flipped) {
                    assert!(!other.matches(Some(&stored), &peppers));
                }
            }
        }
    }
}

#[test]
fn a_ticket_is_found_under_every_pepper_held() {
    let ticket = Ticket::generate(TicketKind::Password, &mut Entropy::new([6; 32]));
    let stored = ticket.mac(&Peppers::single(pepper(1)));
    let both = Peppers::new([pepper(1), pepper(2)]).unwrap();
    let macs = ticket.macs(&both);
    assert_eq!(macs.len(), 2);
    assert_eq!(macs[0].version().get(), 2);
    assert!(macs.contains(&stored));
    assert!(!ticket.matches(None, &both));
}

#[test]
fn debug_shows_the_kind_only() {
    let ticket = Ticket::generate(TicketKind::Mfa, &mut Entropy::new([7; 32]));
    assert_eq!(format!("{ticket:?}"), "Ticket(Mfa, …)");
}

#[test]
fn an_addressed_ticket_names_its_person_and_nobody_else() {
    let account: AccountId = "111122223333".parse().unwrap();
    let user = Address::User(account, "TUSR0123456789ABCDEFG".parse().unwrap());
    let peppers = Peppers::single(pepper(1));
    for address in [Address::Root(account), user] {
        let mut entropy = Entropy::new([8; 32]);
        let ticket = Ticket::addressed(TicketKind::Password, address.clone(), &mut entropy);
        let stored = ticket.mac(&peppers);
        let read = Ticket::parse(TicketKind::Password, ticket.expose()).unwrap();
        assert_eq!(read.address(), Some(&address));
        assert!(read.matches(Some(&stored), &peppers));
        let other = ticket.expose().replace("111122223333", "444455556666");
        let other = Ticket::parse(TicketKind::Password, &other).unwrap();
        assert!(!other.matches(Some(&stored), &peppers));
        for cut in 0..ticket.expose().len() {
            assert!(Ticket::parse(TicketKind::Password, &ticket.expose()[..cut]).is_err());
        }
    }
    let digits = "0".repeat(43);
    for bad in [
        "_",
        "x_",
        "111122223333_",
        "111122223333_444455556666_",
        "_111122223333_",
        "111122223333_TROL0123456789ABCDEFG_",
    ] {
        assert!(
            Ticket::parse(TicketKind::Password, &format!("tbr_{bad}{digits}")).is_err(),
            "{bad}"
        );
    }
}

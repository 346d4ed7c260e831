use trilby_service::problem::{Code, Problem};

use super::*;

fn is_busy(problem: &Problem) {
    assert_eq!((problem.code, problem.status().as_u16()), (Code::Busy, 503));
    let retry_after = problem.headers().find(|(name, _)| *name == "retry-after");
    assert!(retry_after.is_some(), "{problem:?}");
}

#[test]
fn a_full_queue_of_the_store_is_busy_and_says_when_to_come_again() {
    is_busy(&of_execution(ExecuteError::StoreBusy("full".to_owned())));
    is_busy(&of_directory(StoreError::Busy("full".to_owned()).into()));
    let silent = of_directory(StoreError::Unavailable("silent".to_owned()).into());
    assert_eq!(silent.code, Code::Unavailable);
}

//! The catalogue of faults as text that a scenario file can take over.

use std::fmt::Write as _;

use crate::scenario::fault_catalogue::FAULTS;

/// Each fault as a scenario has it, and what it does.
pub fn text() -> String {
    let mut text = String::from(
        "# Faults that `rollsim run` tries when no scenario is given. In a scenario, name those that you want\n\
         # and change what doesn't fit. All parts that a fault can have are in docs/scenario.md.\n\
         faults:\n",
    );
    for fault in FAULTS {
        let _ = writeln!(text, "  # {}", fault.about);
        let _ = writeln!(text, "  {}: {}", fault.name, fault.definition);
    }
    text
}

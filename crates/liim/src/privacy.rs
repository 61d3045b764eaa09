//! What a process that reads national numbers must not leave behind.

/// Switches core dumps off: a dump holds the memory of the process, and with it numbers of persons. The limit is what the
/// kernel keeps to when it writes a file, and what `systemd-coredump` and its like are told; where a handler does not care,
/// the filter leaves it nothing but registers.
pub fn without_core_dumps() {
    if rlimit::Resource::CORE.set(0, 0).is_err() {
        tracing::warn!("core dumps could not be switched off; a crash could leave numbers of persons on the disk");
    }
    // Systems without this file write no dump that it could filter.
    let _ = std::fs::write("/proc/self/coredump_filter", "0");
}

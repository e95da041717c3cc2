//! Buffers that are reused from call to call without being cleared.

/// Resizes a buffer. Its contents are unspecified; its memory never shrinks.
pub(super) fn resized(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.capacity() < length {
        // Without copying the contents or reserving room for growth.
        *buffer = Vec::new();
        buffer.reserve_exact(length);
    }
    buffer.resize(length, 0.0);
    buffer
}

/// Returns the first `length` values of a buffer without shrinking it.
/// For buffers whose length changes within a step: growing one again would write zeros.
pub(super) fn part_of(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.len() < length {
        resized(buffer, length);
    }
    buffer.get_mut(..length).unwrap_or_default()
}

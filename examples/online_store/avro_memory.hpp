#pragma once

// The memory that Avro C takes while it reads a datum. Left to itself, Avro C 1.11 allocates whatever length
// a string of the datum claims to have, and loses that memory when the bytes are not there. Here it gets a
// block with room for the datum, and nothing beyond it; what it loses is there again for the next datum.

#include <cstddef>
#include <memory>

namespace online_store {

/// Has Avro C ask here for memory, in the whole process, from now on. On threads that are not reading a datum
/// it gets what it always did. Threads: any, and any number of times.
void bound_avro_memory();

/// A block of as many bytes as the longest datum so far took. One thread at a time.
class DatumMemory {
 public:
  /// Gives all of it back, and makes room for a datum of `bytes` bytes.
  void prepare(std::size_t bytes);

  /// `bytes` bytes, or null where the datum cannot hold that many.
  void* take(std::size_t bytes) noexcept;

  /// Gives back what was taken last, so that fields that are read over need no room.
  void undo_take() noexcept { used_ = used_before_; }

 private:
  std::unique_ptr<std::byte[]> block_;
  std::size_t size_ = 0;
  std::size_t limit_ = 0;
  std::size_t used_ = 0;
  std::size_t used_before_ = 0;
};

/// While it lives, what Avro C allocates on this thread comes from a DatumMemory.
class UseOfMemory {
 public:
  explicit UseOfMemory(DatumMemory& memory) noexcept;
  UseOfMemory(const UseOfMemory&) = delete;
  UseOfMemory& operator=(const UseOfMemory&) = delete;
  ~UseOfMemory();
};

}  // namespace online_store

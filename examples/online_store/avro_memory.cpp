#include "online_store/avro_memory.hpp"

#include <avro.h>

#include <cstdlib>

namespace online_store {
namespace {

constexpr std::size_t alignment = alignof(std::max_align_t);

thread_local DatumMemory* memory_in_use = nullptr;

/// As avro/allocation.h asks for it. While a datum is read, nothing is freed one by one, and nothing that was
/// allocated before is freed or lengthened: the reader only asks for strings.
void* allocate(void* /*user_data*/, void* memory, std::size_t /*old_size*/, std::size_t size) {
  if (memory_in_use != nullptr) {
    return memory == nullptr && size > 0 ? memory_in_use->take(size) : nullptr;
  }
  if (size > 0) return std::realloc(memory, size);
  std::free(memory);
  return nullptr;
}

}  // namespace

void bound_avro_memory() {
  static const bool is_bounded = [] {
    avro_set_allocator(allocate, nullptr);
    return true;
  }();
  static_cast<void>(is_bounded);
}

void DatumMemory::prepare(std::size_t bytes) {
  // Each string that is kept takes its bytes, one more for a zero, and what aligns the next: less than two
  // alignments. There are three, and one that is read over.
  limit_ = bytes + 8 * alignment;
  if (limit_ > size_) {
    block_ = std::make_unique<std::byte[]>(limit_);
    size_ = limit_;
  }
  used_ = 0;
  used_before_ = 0;
}

void* DatumMemory::take(std::size_t bytes) noexcept {
  if (bytes > limit_ - used_) return nullptr;
  std::byte* const begin = block_.get() + used_;
  used_before_ = used_;
  used_ += (bytes + alignment - 1) / alignment * alignment;
  if (used_ > limit_) used_ = limit_;
  return begin;
}

UseOfMemory::UseOfMemory(DatumMemory& memory) noexcept {
  memory_in_use = &memory;
}

UseOfMemory::~UseOfMemory() {
  memory_in_use = nullptr;
}

}  // namespace online_store

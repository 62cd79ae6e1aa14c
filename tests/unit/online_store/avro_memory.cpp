#include "online_store/avro_memory.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>

using namespace online_store;

TEST_CASE("avro_memory: the memory of a datum is what the datum needs, and no more") {
  DatumMemory memory;
  memory.prepare(100);
  CHECK(memory.take(101 + 127) != nullptr);
  memory.prepare(100);
  CHECK(memory.take(101 + 128) == nullptr);
  CHECK(memory.take(std::size_t(-1)) == nullptr);
  CHECK(memory.take(200) != nullptr);
  CHECK(memory.take(200) == nullptr);
  memory.undo_take();
  CHECK(memory.take(200) != nullptr);
  memory.prepare(0);
  CHECK(memory.take(129) == nullptr);
}

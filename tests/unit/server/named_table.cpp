#include "statwire/server/named_table.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "support/random_bytes.hpp"

using namespace statwire;
using server::NamedTable;

namespace {

std::vector<std::string> names_of(const NamedTable<int>& table) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < table.size(); ++i) names.emplace_back(table.name(i));
  return names;
}

}  // namespace

TEST_CASE("named table: names keep the order in which they came") {
  NamedTable<int> table;
  CHECK(table.find("a") == nullptr);
  int next = 0;
  for (const char* name : {"b", "a", "", "c"}) table.add(name) = ++next;
  CHECK(names_of(table) == std::vector<std::string>{"b", "a", "", "c"});
  CHECK(*table.find("a") == 2);
  CHECK(*table.find("") == 3);
  CHECK(table.find("d") == nullptr);
}

TEST_CASE("named table: what is erased is gone, and comes back at the end") {
  NamedTable<int> table;
  for (int i = 0; i < 100; ++i) table.add("name" + std::to_string(i)) = i;
  table.erase_if([](std::string_view, int value) { return value % 10 != 3; });
  CHECK(names_of(table).size() == 10);
  CHECK(table.find("name4") == nullptr);
  CHECK(*table.find("name93") == 93);
  table.add("name4") = 4;
  CHECK(names_of(table).back() == "name4");
  CHECK(names_of(table).front() == "name3");
  table.erase_if([](std::string_view, int) { return true; });
  CHECK(table.empty());
  CHECK(table.find("name3") == nullptr);
}

TEST_CASE("named table: finds what a map finds, whatever is added and erased") {
  test::RandomBytes random{3};
  NamedTable<int> table;
  std::unordered_map<std::string, int> model;
  for (int step = 0; step < 20'000; ++step) {
    const std::string name = random.string(2);
    int* const found = table.find(name);
    REQUIRE((found != nullptr) == model.contains(name));
    if (found != nullptr) {
      CHECK(*found == model[name]);
    } else {
      table.add(name) = model[name] = step;
    }
    if (step % 3000 == 2999) {
      const auto is_over = [](int value) { return value % 2 == 0; };
      table.erase_if([&](std::string_view, int value) { return is_over(value); });
      std::erase_if(model, [&](const auto& entry) { return is_over(entry.second); });
      CHECK(table.size() == model.size());
    }
  }
}

#pragma once

// A round for a terminal: the tasks that need the most.

#include <cstddef>
#include <string>
#include <vector>

#include "mesos_collector/json.hpp"

namespace mesos_collector {

/// Lines of ASCII, without their ends: a heading, at most `rows` documents in columns, by CPU and then by
/// memory, the largest first, and how many more there are. What is no printable ASCII in a name is shown as
/// '?', and a long name is cut. The documents are those of build_document().
std::vector<std::string> task_table(const std::vector<Json>& documents, std::size_t rows);

}  // namespace mesos_collector

#include "mesos_collector/document_queue.hpp"

#include <ostream>

#include <doctest/doctest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

using namespace mesos_collector;

namespace {

using Tasks = std::vector<std::string>;

DocumentQueue queue_of(const Tasks& tasks, std::size_t capacity = 100) {
  DocumentQueue queue{capacity};
  for (const std::string& task : tasks) CHECK(queue.push({.task = task, .body = "body of " + task}));
  return queue;
}

/// Sends as many as there are, or as are asked for; a retry is marked by a '!'.
Tasks send(DocumentQueue& queue, std::size_t count = 100) {
  Tasks tasks;
  while (tasks.size() < count) {
    const std::optional<DocumentQueue::Outgoing> next = queue.send_next();
    if (!next) break;
    CHECK(next->document->body == "body of " + next->document->task);
    tasks.push_back(next->document->task + (next->is_retry ? "!" : ""));
  }
  return tasks;
}

}  // namespace

TEST_CASE("document queue: documents are sent once, in the order in which they came") {
  DocumentQueue queue = queue_of({"a", "b", "c"});
  CHECK(send(queue, 2) == Tasks{"a", "b"});
  CHECK(queue.waiting() == 1);
  CHECK(queue.in_flight() == 2);
  CHECK(queue.push({.task = "d", .body = "body of d"}));
  CHECK(send(queue) == Tasks{"c", "d"});
  CHECK(send(queue).empty());
  CHECK(queue.size() == 4);
}

TEST_CASE("document queue: a tag is that of one document, and counts from 1") {
  DocumentQueue queue = queue_of({"a", "b", "c"});
  send(queue);
  CHECK(queue.acknowledge(2, Scope::one) == 1);
  queue.take_back();
  CHECK(send(queue) == Tasks{"a!", "c!"});
}

TEST_CASE("document queue: up to a tag, all that were sent before are meant") {
  DocumentQueue queue = queue_of({"a", "b", "c", "d"});
  send(queue);
  CHECK(queue.acknowledge(1, Scope::one) == 1);
  CHECK(queue.acknowledge(3, Scope::up_to) == 2);
  CHECK(queue.size() == 1);
  queue.take_back();
  CHECK(send(queue) == Tasks{"d!"});
}

TEST_CASE("document queue: up to tag 0 means all that are in flight, and none that wait") {
  DocumentQueue queue = queue_of({"a", "b", "c"});
  send(queue, 2);
  CHECK(queue.acknowledge(0, Scope::up_to) == 2);
  CHECK(send(queue) == Tasks{"c"});
}

TEST_CASE("document queue: a tag that is not in flight changes nothing") {
  DocumentQueue queue = queue_of({"a", "b"});
  send(queue, 1);
  CHECK(queue.acknowledge(2, Scope::one) == 0);
  CHECK(queue.refuse(2, Scope::one) == 0);
  CHECK(queue.acknowledge(0, Scope::one) == 0);
  CHECK(queue.acknowledge(1, Scope::one) == 1);
  CHECK(queue.acknowledge(1, Scope::one) == 0);
  CHECK(queue.refuse(1, Scope::up_to) == 0);
  CHECK(send(queue) == Tasks{"b"});
}

TEST_CASE("document queue: what was refused is sent again, marked, in its old place and under a new tag") {
  DocumentQueue queue = queue_of({"a", "b", "c", "d", "e"});
  send(queue, 4);
  CHECK(queue.refuse(3, Scope::one) == 1);
  CHECK(queue.refuse(1, Scope::one) == 1);
  CHECK(send(queue) == Tasks{"a!", "c!", "e"});
  CHECK(queue.acknowledge(5, Scope::one) == 1);  // a
  CHECK(queue.refuse(6, Scope::up_to) == 3);     // b, d, c
  CHECK(send(queue) == Tasks{"b!", "c!", "d!"});
  CHECK(queue.size() == 4);
}

TEST_CASE(
    "document queue: after a lost connection all that was in flight is sent again, in order, from tag 1") {
  DocumentQueue queue = queue_of({"a", "b", "c", "d"});
  send(queue, 3);
  CHECK(queue.acknowledge(2, Scope::one) == 1);
  queue.take_back();
  CHECK(queue.in_flight() == 0);
  CHECK(send(queue) == Tasks{"a!", "c!", "d"});
  CHECK(queue.acknowledge(1, Scope::one) == 1);  // a
  queue.take_back();
  CHECK(send(queue) == Tasks{"c!", "d!"});
}

TEST_CASE("document queue: what was never sent is no retry after a lost connection") {
  DocumentQueue queue = queue_of({"a"});
  queue.take_back();
  CHECK(send(queue) == Tasks{"a"});
}

TEST_CASE("document queue: a full queue drops the oldest document that waits") {
  DocumentQueue queue = queue_of({"a", "b", "c"}, 3);
  CHECK_FALSE(queue.push({.task = "d", .body = "body of d"}));
  CHECK(queue.size() == 3);
  CHECK(send(queue) == Tasks{"b", "c", "d"});
}

TEST_CASE("document queue: what is in flight counts, and is not dropped") {
  DocumentQueue queue = queue_of({"a", "b", "c"}, 3);
  send(queue, 2);
  CHECK_FALSE(queue.push({.task = "d", .body = "body of d"}));
  CHECK(send(queue) == Tasks{"d"});
  CHECK_FALSE(queue.push({.task = "e", .body = "body of e"}));  // itself: nothing else waits
  CHECK(queue.size() == 3);
  CHECK(queue.acknowledge(0, Scope::up_to) == 3);
  CHECK(queue.push({.task = "f", .body = "body of f"}));
  CHECK(send(queue) == Tasks{"f"});
}

TEST_CASE("document queue: what waits again is the oldest, and the first to be dropped") {
  DocumentQueue queue = queue_of({"a", "b"}, 2);
  send(queue);
  queue.take_back();
  CHECK_FALSE(queue.push({.task = "c", .body = "body of c"}));
  CHECK(send(queue) == Tasks{"b!", "c"});
}

TEST_CASE("document queue: there is room for one at least") {
  DocumentQueue queue{0};
  CHECK(queue.push({.task = "a", .body = "body of a"}));
  CHECK_FALSE(queue.push({.task = "b", .body = "body of b"}));
  CHECK(send(queue) == Tasks{"b"});
}

TEST_CASE("document queue: what came back counts until it is acknowledged or dropped") {
  DocumentQueue queue = queue_of({"a", "b", "c"}, 3);
  send(queue);
  CHECK(queue.returned() == 0);
  queue.refuse(2, Scope::up_to);
  CHECK(queue.returned() == 2);
  CHECK(queue.acknowledge(3, Scope::one) == 1);  // c
  CHECK(queue.returned() == 2);
  CHECK(send(queue, 1) == Tasks{"a!"});
  queue.refuse(4, Scope::one);
  CHECK(queue.returned() == 2);
  CHECK(queue.push({.task = "d", .body = "body of d"}));
  CHECK_FALSE(queue.push({.task = "e", .body = "body of e"}));
  CHECK(queue.returned() == 1);
  CHECK(send(queue) == Tasks{"b!", "d", "e"});
  CHECK(queue.acknowledge(5, Scope::one) == 1);
  CHECK(queue.returned() == 0);
}

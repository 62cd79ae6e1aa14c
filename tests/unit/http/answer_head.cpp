#include "statwire/http/answer_head.hpp"

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using statwire::detail::AnswerHead;
using statwire::detail::check_answer_head;
using statwire::detail::max_answer_head_bytes;
using statwire::detail::max_status_line_bytes;

TEST_CASE("answer_head: a head is complete with its empty line, and not a byte before") {
  const std::vector<std::string> heads{
      "HTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.0 404 \r\nA: b\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nB: c\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 Internal Server Error\r\nA: b\r\n\r\n",
  };
  for (const std::string& head : heads) {
    CAPTURE(head);
    for (std::size_t size = 0; size < head.size(); ++size) {
      CAPTURE(size);
      CHECK((check_answer_head(std::string_view{head}.substr(0, size)) == AnswerHead::incomplete));
    }
    CHECK((check_answer_head(head) == AnswerHead::complete));
    CHECK((check_answer_head(head + "body\r\n\r\n") == AnswerHead::complete));
  }
}

TEST_CASE("answer_head: what is no HTTP/1 is bad with its first wrong byte") {
  for (const std::string_view bytes :
       {"x", "HTTQ", "HTTP/2", "\n", "HTTP\n", "HTTP/1.1 200 OK", "http/1.1"}) {
    CAPTURE(bytes);
    const bool is_good = bytes == "HTTP/1.1 200 OK";
    CHECK((check_answer_head(bytes) == (is_good ? AnswerHead::incomplete : AnswerHead::bad)));
  }
  CHECK((check_answer_head("HTTP/1.1 100 Continue\r\nA: b\r\n\r\n") == AnswerHead::bad));
  CHECK((check_answer_head("HTTP/1.1 100 Continue\r\n\r\nx") == AnswerHead::bad));
}

TEST_CASE("answer_head: the status line and the whole head have a longest length") {
  const std::string begin = "HTTP/1.1 200 ";
  const std::string longest = begin + std::string(max_status_line_bytes - begin.size(), 'a');
  CHECK((check_answer_head(longest) == AnswerHead::incomplete));
  CHECK((check_answer_head(longest + "\n\r\n") == AnswerHead::complete));
  CHECK((check_answer_head(longest + "a") == AnswerHead::bad));
  CHECK((check_answer_head(longest + "a\n\r\n") == AnswerHead::bad));

  const std::string end = "\r\n\r\n";
  std::string head = "HTTP/1.1 200 OK\r\nA: ";
  head.resize(max_answer_head_bytes - end.size(), 'a');
  CHECK((check_answer_head(head + end) == AnswerHead::complete));
  CHECK((check_answer_head(head + "a\r\n") == AnswerHead::incomplete));
  CHECK((check_answer_head(head + "a" + end) == AnswerHead::bad));
}

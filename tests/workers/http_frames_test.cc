#include "workers/http_frames.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

TEST(HttpFrames, ARequestIsItsHeadAnEmptyLineAndItsBodyOfAnyBytes) {
  http::RequestHead head{"GET", "/a?b", {}};
  head.headers.add("X", "1");
  EXPECT_EQ(http_event(head, "\r\n\r\n"), "GET /a?b\r\nX: 1\r\n\r\n\r\n\r\n");
}

TEST(HttpFrames, AnAnswerComesApartIntoStatusHeadersAndBody) {
  const auto answer = read_http_answer("200\r\nA: b: c\r\nA: \r\n\r\n\r\nbody");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->headers.size(), 2U);
  EXPECT_EQ(answer->headers.get("a"), "b: c");
  EXPECT_EQ(answer->body, "\r\nbody");
}

TEST(HttpFrames, WhatIsNoAnswerIsABadResponse) {
  for (const char* text : {"", "200", "200 OK\r\n\r\n", "100\r\n\r\n", "600\r\n\r\n", "x\r\n\r\n",
                           "200\r\n", "200\r\nno colon\r\n\r\n", "200\r\n: v\r\n\r\n"}) {
    const auto answer = read_http_answer(text);
    ASSERT_FALSE(answer) << text;
    EXPECT_EQ(answer.error().code, ErrorCode::kBadResponse);
  }
  const std::string long_value(kHttpAnswerHeadMax, 'v');
  EXPECT_FALSE(read_http_answer("200\r\nA: " + long_value + "\r\n\r\n"));
}

}  // namespace
}  // namespace convoke

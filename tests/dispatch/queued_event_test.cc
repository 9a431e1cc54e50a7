#include "core/dispatch/queued_event.h"

#include <gtest/gtest.h>

namespace convoke {
namespace {

const std::string kMark{"\0convoke:", 9};

TEST(QueuedEvent, AnEventLiesThereAsItIsAndOneThatLooksLikeARequestStaysAnEvent) {
  for (const std::string& event :
       {std::string(), std::string("x"), std::string("\0convoke", 8), kMark, kMark + "h",
        kMark + "hGET / \n\nbody", kMark + "ex", queued_request({"GET", "/", {}}, "b")}) {
    const std::string queued = queued_event(event);
    EXPECT_EQ(queued == event, !event.starts_with(kMark));
    EXPECT_EQ(payload_of(queued), event);
    const FromQueue read = read_queued(queued);
    EXPECT_EQ(read.event, event);
    EXPECT_EQ(read.http, nullptr);
    Call call;
    call.event = std::make_shared<const std::string>(event);
    EXPECT_EQ(*queued_event_of(call), queued);
  }
}

TEST(QueuedEvent, ARequestIsReadBackWithItsHeadAndEveryByteOfItsBody) {
  http::RequestHead head{"PUT", "/a?b=c%20d", {}};
  head.headers.add("X-One", "a: b");
  head.headers.add("x-one", "");
  for (const std::string& body : {std::string(), std::string("\n\n"), std::string("\0x", 2)}) {
    const std::string queued = queued_request(head, body);
    EXPECT_EQ(payload_of(queued), body);
    FromQueue read = read_queued(queued);
    ASSERT_TRUE(read.http);
    EXPECT_EQ(read.event, body);
    EXPECT_EQ(read.http->head.method, "PUT");
    EXPECT_EQ(read.http->head.target, "/a?b=c%20d");
    ASSERT_EQ(read.http->head.headers.size(), 2U);
    EXPECT_EQ(read.http->head.headers.begin()->value, "a: b");
    Call call;
    call.http = read.http;
    call.event = std::make_shared<const std::string>(body);
    EXPECT_EQ(*queued_event_of(call), queued);
  }
}

TEST(QueuedEvent, AHeadThatIsNotInLinesIsNotQueued) {
  http::RequestHead head{"GET", "/", {}};
  head.headers.add("X-Own", "a: b");
  EXPECT_TRUE(can_be_queued(head));
  for (const std::string& broken :
       {std::string("a\nb"), std::string("a\r"), std::string("\0", 1)}) {
    http::RequestHead with_value = head;
    with_value.headers.add("X-More", broken);
    EXPECT_FALSE(can_be_queued(with_value));
    http::RequestHead with_name = head;
    with_name.headers.add(broken, "x");
    EXPECT_FALSE(can_be_queued(with_name));
    EXPECT_FALSE(can_be_queued({"GET", broken, {}}));
    EXPECT_FALSE(can_be_queued({broken, "/", {}}));
  }
  head.headers.add("a:b", "x");
  EXPECT_FALSE(can_be_queued(head));
}

TEST(QueuedEvent, WhatIsCutIsNoRequest) {
  const std::string whole = queued_request({"GET", "/", {}}, "");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(read_queued(whole.substr(0, size)).http, nullptr) << size;
    EXPECT_EQ(payload_of(std::string_view(whole).substr(0, size)), whole.substr(0, size));
  }
}

}  // namespace
}  // namespace convoke

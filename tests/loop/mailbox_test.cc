#include "core/loop/mailbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "tests/loop/fixture.h"

namespace convoke {
namespace {

struct Note {
  ShardIndex from;
  int number = 0;
  std::unique_ptr<int> cargo;  // move only, as real letters are
};

Note note(std::uint16_t from, int number) {
  Note letter;
  letter.from = ShardIndex{from};
  letter.number = number;
  letter.cargo = std::make_unique<int>(number);
  return letter;
}

TEST(Mailbox, ALetterToOneselfComesInALaterTurn) {
  Mailboxes<Note> boxes(1);
  Loop loop;
  std::vector<int> received;
  std::unique_ptr<Mail<Note>> mail;
  mail = boxes.open(ShardIndex{0}, loop, [&](const Note& letter) {
    received.push_back(letter.number);
    if (letter.number == 3) return;
    Note next = note(0, letter.number + 1);
    EXPECT_EQ(mail->post(ShardIndex{0}, next), Posted::kYes);
  });
  EXPECT_EQ(mail->self(), ShardIndex{0});
  EXPECT_EQ(mail->shards(), 1);
  Note first = note(0, 1);
  EXPECT_EQ(mail->post(ShardIndex{0}, first), Posted::kYes);
  EXPECT_TRUE(received.empty());
  turn_until(loop, [&] { return received.size() == 3; });
}

TEST(Mailbox, WhatWasPostedBeforeTheBoxWasOpenedIsDelivered) {
  Mailboxes<Note> boxes(2);
  Loop loop;
  auto sender = boxes.open(ShardIndex{0}, loop, [](const Note&) {});
  Note early = note(0, 7);
  EXPECT_EQ(sender->post(ShardIndex{1}, early), Posted::kYes);
  int received = 0;
  auto receiver =
      boxes.open(ShardIndex{1}, loop, [&](const Note& letter) { received = letter.number; });
  turn_until(loop, [&] { return received == 7; });
}

TEST(Mailbox, FullHandsTheLetterBackUntouched) {
  Mailboxes<Note> boxes(2, 4);
  Loop loop;
  auto mail = boxes.open(ShardIndex{0}, loop, [](const Note&) {});
  for (int i = 0; i < 4; ++i) {
    Note letter = note(0, i);
    EXPECT_EQ(mail->post(ShardIndex{1}, letter), Posted::kYes);
  }
  Note refused = note(0, 4);
  EXPECT_EQ(mail->post(ShardIndex{1}, refused), Posted::kFull);
  ASSERT_NE(refused.cargo, nullptr);
  EXPECT_EQ(*refused.cargo, 4);
}

TEST(Mailbox, AFloodIsHandledInPortionsAndWhollyDelivered) {
  Mailboxes<Note> boxes(1);
  Loop loop;
  std::size_t received = 0;
  std::size_t most_in_a_turn = 0;
  std::size_t before = 0;
  loop.at_end_of_turn(EndOfTurn::kWork, [&] {
    most_in_a_turn = std::max(most_in_a_turn, received - before);
    before = received;
  });
  auto mail = boxes.open(ShardIndex{0}, loop, [&](const Note&) { ++received; });
  for (int i = 0; i < 5000; ++i) {
    Note letter = note(0, i);
    ASSERT_EQ(mail->post(ShardIndex{0}, letter), Posted::kYes);
  }
  turn_until(loop, [&] { return received == 5000; });
  EXPECT_EQ(most_in_a_turn, kLettersPerTurn);
}

TEST(Mailbox, PostingToABoxThatHasClosedIsHarmless) {
  Mailboxes<Note> boxes(2);
  Loop loop;
  auto sender = boxes.open(ShardIndex{0}, loop, [](const Note&) {});
  auto receiver = boxes.open(ShardIndex{1}, loop, [](const Note&) { FAIL(); });
  Note first = note(0, 1);
  EXPECT_EQ(sender->post(ShardIndex{1}, first), Posted::kYes);
  receiver.reset();
  Note second = note(0, 2);
  EXPECT_EQ(sender->post(ShardIndex{1}, second), Posted::kYes);
  settle(loop);
}

// A shard that posts to the other one as fast as the box takes it, and counts what it gets.
class Correspondent {
 public:
  Correspondent(Mailboxes<Note>& boxes, std::uint16_t self, int letters, std::atomic<int>& busy)
      : self_(self), letters_(letters), busy_(busy) {
    mail_ = boxes.open(ShardIndex{self}, loop_, [this](const Note& letter) { receive(letter); });
    loop_.at_end_of_turn(EndOfTurn::kWork, [this] { send(); });
  }
  void run() { loop_.run(); }
  void stop() { loop_.stop(); }
  [[nodiscard]] bool in_order() const { return in_order_; }
  [[nodiscard]] int received() const { return received_; }
  [[nodiscard]] int refused() const { return refused_; }

 private:
  void receive(const Note& letter) {
    in_order_ = in_order_ && letter.number == received_ && *letter.cargo == received_;
    if (++received_ == letters_) --busy_;
  }
  void send() {
    const ShardIndex to{static_cast<std::uint16_t>(1 - self_)};
    for (int burst = 0; burst < 2000 && sent_ < letters_; ++burst) {
      Note letter = note(self_, sent_);
      if (mail_->post(to, letter) == Posted::kFull) {
        ++refused_;
        in_order_ = in_order_ && letter.cargo != nullptr;
        break;
      }
      ++sent_;
    }
    if (sent_ < letters_) loop_.turn_again();
  }

  std::uint16_t self_;
  int letters_;
  std::atomic<int>& busy_;
  Loop loop_;
  std::unique_ptr<Mail<Note>> mail_;
  int sent_ = 0;
  int received_ = 0;
  int refused_ = 0;
  bool in_order_ = true;
};

TEST(Mailbox, AMillionLettersBetweenTwoLoopsArriveInOrder) {
  constexpr int kEach = 500'000;
  Mailboxes<Note> boxes(2, 1024);
  std::atomic<int> busy = 2;
  Correspondent first(boxes, 0, kEach, busy);
  Correspondent second(boxes, 1, kEach, busy);
  std::thread one([&] { first.run(); });
  std::thread two([&] { second.run(); });
  while (busy > 0) std::this_thread::yield();
  first.stop();
  second.stop();
  one.join();
  two.join();
  EXPECT_EQ(first.received(), kEach);
  EXPECT_EQ(second.received(), kEach);
  EXPECT_TRUE(first.in_order());
  EXPECT_TRUE(second.in_order());
  EXPECT_GT(first.refused() + second.refused(), 0) << "the box was never full";
}

TEST(Mailbox, AReceiverMayGoWhileOthersPost) {
  Mailboxes<Note> boxes(2);
  Loop loop;
  auto sender = boxes.open(ShardIndex{0}, loop, [](const Note&) {});
  std::atomic<bool> gone = false;
  std::thread receiver([&] {
    for (int i = 0; i < 20; ++i) {
      Loop other;
      int received = 0;
      auto mail = boxes.open(ShardIndex{1}, other, [&](const Note&) { ++received; });
      turn_until(other, [&] { return received > 0; });
    }
    gone = true;
  });
  while (!gone) {
    Note letter = note(0, 1);
    static_cast<void>(sender->post(ShardIndex{1}, letter));
    std::this_thread::yield();
  }
  receiver.join();
}

}  // namespace
}  // namespace convoke

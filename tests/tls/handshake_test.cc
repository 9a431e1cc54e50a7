// With whom a session is made, and what is said where it is not.
#include <gtest/gtest.h>

#include "tests/tls/side.h"

namespace convoke::tls {
namespace {

TEST_F(SecuredWireTest, IsConnectedOnceTheServerIsKnown) {
  connect();
  EXPECT_TRUE(calls_.empty());
  EXPECT_EQ(network_.connected_to, std::vector<std::string>{"127.0.0.1:6380"});
  serve({});
  EXPECT_EQ(calls_, std::vector<std::string>{"connected"}) << trouble_;
  EXPECT_EQ(server_->asked_name(), "redis.example");
  EXPECT_EQ(SSL_version(server_->session()), TLS1_3_VERSION);
}

TEST_F(SecuredWireTest, SpeaksTls12AndNothingOlder) {
  connect();
  serve({{}, "", TLS1_2_VERSION});
  EXPECT_EQ(calls_, std::vector<std::string>{"connected"}) << trouble_;
  connect();
  serve({{}, "", TLS1_1_VERSION});
  EXPECT_EQ(calls_.back(), "closed");
  EXPECT_NE(trouble_.find("protocol version"), std::string::npos) << trouble_;
}

TEST_F(SecuredWireTest, AnAddressIsVerifiedAsOneAndNotTold) {
  connect("127.0.0.1");
  serve({authority_.issue("DNS:other,IP:127.0.0.1"), "", 0});
  EXPECT_EQ(calls_, std::vector<std::string>{"connected"}) << trouble_;
  EXPECT_EQ(server_->asked_name(), "");
  connect("127.0.0.2");
  serve({authority_.issue("DNS:127.0.0.2,IP:127.0.0.1"), "", 0});
  EXPECT_EQ(calls_.back(), "closed");
  EXPECT_NE(trouble_.find("not for 127.0.0.2"), std::string::npos) << trouble_;
}

struct Distrusted {
  std::string names;
  Validity validity;
  bool by_another;
  std::string told;
};

TEST_F(SecuredWireTest, WhoIsNotTrustedIsToldInWordsAndHearsNothing) {
  const Authority other("other");
  for (const Distrusted& it :
       {Distrusted{"DNS:redis.example", Validity::kNow, true, "nobody whom we trust"},
        Distrusted{"DNS:redis.example.org,DNS:example", Validity::kNow, false,
                   "not for redis.example"},
        Distrusted{"IP:127.0.0.1", Validity::kNow, false, "not for redis.example"},
        Distrusted{"DNS:redis.example", Validity::kOver, false, "expired"}}) {
    connect();
    wire_->write("secret");
    calls_.clear();
    serve({(it.by_another ? other : authority_).issue(it.names, it.validity), "", 0});
    EXPECT_EQ(calls_, std::vector<std::string>{"closed"});
    EXPECT_NE(trouble_.find(it.told), std::string::npos) << trouble_;
    EXPECT_EQ(server_->received, "");
    EXPECT_TRUE(peer().gone());
    EXPECT_EQ(wire_->never_read(), 6U);
  }
}

TEST_F(SecuredWireTest, WithoutAFileWhomTheSystemTrustsIsTrustedAndNobodyElse) {
  const auto client = Client::make({});
  ASSERT_TRUE(client.ok());
  client_ = *client;
  wire_ = std::make_unique<SecuredWire>(network_, time_.wheel, *client_, "redis.example",
                                        kServerAddress, *this);
  serve({});
  EXPECT_NE(trouble_.find("nobody whom we trust"), std::string::npos) << trouble_;
}

TEST_F(SecuredWireTest, ShowsItsCertificateToAServerThatWantsOne) {
  const Papers ours = authority_.issue("DNS:engine");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    calls_.clear();
    connect("redis.example", {"", ours.certificate, ours.key});
    serve({{}, authority_.certificate(), version});
    EXPECT_EQ(calls_, std::vector<std::string>{"connected"}) << trouble_;
    write("PING");
    EXPECT_EQ(server_->received, "PING");
  }
}

TEST_F(SecuredWireTest, AServerThatWantsACertificateIsHeardToSaySo) {
  const Papers wrong = Authority("other").issue("DNS:engine");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const ClientFiles& files :
         {ClientFiles{}, ClientFiles{"", wrong.certificate, wrong.key}}) {
      trouble_.clear();
      connect("redis.example", files);
      serve({{}, authority_.certificate(), version});
      EXPECT_EQ(calls_.back(), "closed");
      EXPECT_NE(trouble_.find("look at the client certificate"), std::string::npos) << trouble_;
    }
  }
}

TEST_F(SecuredWireTest, WhatDoesNotSpeakTlsIsToldSo) {
  for (const char* const said : {"-ERR unknown command\r\n", "HTTP/1.1 400 Bad Request\r\n"}) {
    connect();
    peer().accept_connection();
    peer().send(said);
    EXPECT_EQ(calls_.back(), "closed");
    EXPECT_NE(trouble_.find("does not speak TLS"), std::string::npos) << trouble_;
  }
}

TEST_F(SecuredWireTest, AnEndOrAResetDuringTheHandshakeIsToldAsOne) {
  connect();
  peer().accept_connection();
  peer().end();
  EXPECT_EQ(calls_, std::vector<std::string>{"closed"});
  EXPECT_NE(trouble_.find("during the TLS handshake"), std::string::npos) << trouble_;
  connect();
  peer().accept_connection();
  peer().reset();
  EXPECT_EQ(trouble_, "during the TLS handshake: ECONNRESET");
  connect();
  peer().reset("refused");
  EXPECT_EQ(trouble_, "refused");
}

}  // namespace
}  // namespace convoke::tls

/// A server's certificate chain and its private key, both in PEM.
package struct TLSCredentials: Equatable, Sendable {
  package var certificateChain: [UInt8]
  package var privateKey: [UInt8]

  package init(certificateChain: [UInt8], privateKey: [UInt8]) {
    self.certificateChain = certificateChain
    self.privateKey = privateKey
  }
}

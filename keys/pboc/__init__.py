"""The certificates and signatures of PBOC debit and credit cards (JR/T 0025), RSA and SM2."""

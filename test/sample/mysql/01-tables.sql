-- Saltmarsh & Daughters sell seeds, tools and pottery by post, in three shops and over the web, and give workshops.
-- What is sold, and to whom: MySQL and MariaDB alike.
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', foreign_key_checks = 0;

CREATE TABLE category (
  id smallint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  parent smallint unsigned,
  name varchar(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_german2_ci NOT NULL,
  UNIQUE KEY in_parent (parent, name),
  CONSTRAINT category_parent FOREIGN KEY (parent) REFERENCES category (id) ON DELETE RESTRICT
) ENGINE=InnoDB AUTO_INCREMENT=50 COMMENT='A tree; "shop" is its root';

CREATE TABLE supplier (
  id int(6) unsigned zerofill NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name varchar(80) NOT NULL,
  mail varchar(120) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  town varchar(40) CHARACTER SET latin1 COLLATE latin1_german1_ci,
  polish_name varchar(40) CHARACTER SET latin2,
  russian_name varchar(40) CHARACTER SET koi8r,
  japanese_name varchar(40) CHARACTER SET cp932,
  chinese_name varchar(40) CHARACTER SET gbk,
  wide_name varchar(40) CHARACTER SET utf16,
  rating float,
  lead_days tinyint,
  closed set('Mon','Tue','it''s Wed','Thu','Fri') NOT NULL DEFAULT '',
  UNIQUE KEY supplier_name (name)
) ENGINE=InnoDB;

CREATE TABLE product (
  id bigint NOT NULL AUTO_INCREMENT,
  sku char(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  code binary(16) NOT NULL,
  name varchar(120) NOT NULL,
  description mediumtext,
  state enum('draft','on sale','withdrawn','sold out, sorry','été') NOT NULL DEFAULT 'on sale',
  net_price decimal(14,2) NOT NULL DEFAULT 0.00,
  gross_price decimal(16,4) GENERATED ALWAYS AS (net_price * 1.19) STORED,
  price_band int GENERATED ALWAYS AS (floor(net_price / 10)) VIRTUAL,
  weight_g mediumint unsigned,
  attributes json,
  picture mediumblob,
  flags bit(8) NOT NULL DEFAULT b'00000000',
  hand_made bit(1),
  preferred_offer bigint,
  shelf_note varchar(40) INVISIBLE DEFAULT 'bottom shelf',
  boxes int NOT NULL DEFAULT (1 + 2),
  PRIMARY KEY (id),
  UNIQUE KEY product_sku (sku),
  UNIQUE KEY product_code (code),
  KEY by_band (price_band, net_price DESC),
  KEY start_of_name (name(10)),
  FULLTEXT KEY words (name, description),
  CONSTRAINT weighs CHECK (weight_g > 0)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC COMMENT='One row for each thing that has a price; `backticks` and ''quotes''';

CREATE TABLE offer (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  product bigint NOT NULL,
  supplier int(6) unsigned zerofill NOT NULL,
  cost decimal(12,4) NOT NULL,
  UNIQUE KEY one_offer (product, supplier),
  CONSTRAINT offer_product FOREIGN KEY (product) REFERENCES product (id) ON DELETE CASCADE,
  CONSTRAINT offer_supplier FOREIGN KEY (supplier) REFERENCES supplier (id) ON UPDATE CASCADE
) ENGINE=InnoDB;
-- Round in a circle: a product names the offer it prefers.
ALTER TABLE product ADD CONSTRAINT product_preferred_offer FOREIGN KEY (preferred_offer) REFERENCES offer (id) ON DELETE SET NULL;

CREATE TABLE product_category (
  product bigint NOT NULL,
  category smallint unsigned NOT NULL,
  PRIMARY KEY (product, category),
  FOREIGN KEY (product) REFERENCES product (id) ON DELETE CASCADE,
  FOREIGN KEY (category) REFERENCES category (id)
) ENGINE=InnoDB;

CREATE TABLE translation (
  sku char(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  language char(2) CHARACTER SET ascii NOT NULL,
  name varchar(120) NOT NULL,
  story text,
  PRIMARY KEY (language, sku),
  -- To a key that is not the primary one.
  CONSTRAINT translation_sku FOREIGN KEY (sku) REFERENCES product (sku) ON UPDATE CASCADE ON DELETE CASCADE
) ENGINE=InnoDB COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE price (
  product bigint NOT NULL,
  since date NOT NULL,
  net decimal(12,2) NOT NULL,
  PRIMARY KEY (product, since DESC),
  FOREIGN KEY (product) REFERENCES product (id)
) ENGINE=InnoDB;

CREATE TABLE leaflet (
  product bigint NOT NULL PRIMARY KEY,
  content longblob NOT NULL,
  said longtext CHARACTER SET utf8mb3,
  tiny tinyblob,
  few tinytext
) ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8;

CREATE TABLE review (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  product bigint NOT NULL,
  stars tinyint unsigned NOT NULL,
  said text,
  written timestamp(3) NOT NULL DEFAULT '2023-01-01 00:00:00.000',
  FULLTEXT KEY said (said),
  CONSTRAINT review_product FOREIGN KEY (product) REFERENCES product (id),
  CONSTRAINT stars_fair CHECK (stars BETWEEN 1 AND 5)
) ENGINE=InnoDB AUTO_INCREMENT=700000;

CREATE TABLE customer (
  id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
  mail varchar(100) NOT NULL,
  name varchar(80) COLLATE utf8mb4_spanish_ci NOT NULL,
  born date,
  phone varchar(24) CHARACTER SET ascii,
  signed_up datetime(6) NOT NULL,
  seen timestamp NULL,
  address varbinary(16),
  preferences json,
  credit decimal(10,2) NOT NULL DEFAULT 0,
  region enum('N','NE','S','W') NOT NULL,
  letters tinyint(1) NOT NULL DEFAULT 1,
  UNIQUE KEY customer_mail (mail),
  KEY customer_name (name, region)
) ENGINE=InnoDB AUTO_INCREMENT=1000;

CREATE TABLE customer_address (
  customer bigint unsigned NOT NULL,
  line tinyint NOT NULL,
  text varchar(200) NOT NULL,
  lies point NOT NULL,
  area geometry,
  PRIMARY KEY (customer, line),
  SPATIAL KEY lies (lies),
  CONSTRAINT address_customer FOREIGN KEY (customer) REFERENCES customer (id) ON DELETE CASCADE
) ENGINE=InnoDB;

CREATE TABLE loyalty (
  customer bigint unsigned NOT NULL PRIMARY KEY,
  points bigint NOT NULL,
  factor double NOT NULL,
  weight float NOT NULL,
  since year NOT NULL,
  CONSTRAINT loyalty_customer FOREIGN KEY (customer) REFERENCES customer (id) ON DELETE CASCADE
) ENGINE=InnoDB;

CREATE TABLE department (id tinyint unsigned NOT NULL PRIMARY KEY, name varchar(40) NOT NULL UNIQUE, head int, CONSTRAINT department_head FOREIGN KEY (head) REFERENCES staff (id)) ENGINE=InnoDB;
CREATE TABLE staff (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name varchar(60) NOT NULL,
  department tinyint unsigned NOT NULL,
  manager int,
  wage decimal(10,2),
  begins time(1),
  holiday time,
  CONSTRAINT staff_department FOREIGN KEY (department) REFERENCES department (id),
  CONSTRAINT staff_manager FOREIGN KEY (manager) REFERENCES staff (id) ON DELETE SET NULL
) ENGINE=InnoDB;

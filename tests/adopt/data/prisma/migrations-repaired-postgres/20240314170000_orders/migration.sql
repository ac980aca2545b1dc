-- CreateTable
CREATE TABLE "orders" (
    "id" INTEGER NOT NULL,
    CONSTRAINT "orders_pkey" PRIMARY KEY ("id")
);

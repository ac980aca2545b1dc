-- CreateTable
CREATE TABLE "items" (
    "id" INTEGER NOT NULL,
    CONSTRAINT "items_pkey" PRIMARY KEY ("id")
);
